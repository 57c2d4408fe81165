"""Logging, and what a collector of traces is told."""
