"""The values, ports and errors that every other layer speaks in. No I/O; nothing of ours is imported from above."""
