"""What is told of a running gateway: its log, what it counts, and the spans that a collector of traces gets."""
