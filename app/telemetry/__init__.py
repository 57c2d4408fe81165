"""Logging now; metrics and tracing as they come."""
