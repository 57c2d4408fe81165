"""Plays every source that is described by data: fires its sample, correctly signed.

It reads the gateway's TOML files and shares no line of code with it; recorded requests of others judge both.
"""
