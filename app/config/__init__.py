"""Settings, the channels file and what a platform's settings look like: read once, typed, every fault at once."""
