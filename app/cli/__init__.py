"""The terminal: one file per noun. Commands print for people and exit 1 when something is wrong."""
