"""What runs by the clock, whoever asks for nothing: retention, housekeeping, clock steps, changing keys."""
