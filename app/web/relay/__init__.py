"""Relayed calls over HTTP: their heads, their bodies, their routes."""
