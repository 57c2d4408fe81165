"""What is told of a running gateway: its log, and what it counts."""
