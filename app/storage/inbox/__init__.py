"""What arrived: events with their evidence, nonces that were used, deliveries that were refused."""
