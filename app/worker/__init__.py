"""Engines: thin loops that claim work and call pipeline.dispatch."""
