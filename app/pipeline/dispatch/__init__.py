"""The way of one event to one handler or destination: an attempt, its outcome, the next try, the order among them."""
