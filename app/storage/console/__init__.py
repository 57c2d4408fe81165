"""What the console keeps: its people with passwords, their sessions, the views they saved."""
