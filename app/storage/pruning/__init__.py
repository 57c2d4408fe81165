"""What retention deletes, in pieces small enough to stand beside the work."""
