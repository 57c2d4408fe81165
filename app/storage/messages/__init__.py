"""Messages: what was asked to be said, how far each channel has come with it, and what became of it for each recipient."""
