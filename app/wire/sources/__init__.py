"""Callbacks described by data: a description is read, compiled to closures, and used as a platform's connector.

A description names where a proof stands, what was signed and which event it is; the TOML files are in
app/platforms/sources/, an operator's own in `sources/`, or on the spot in channels.toml. Pure: no I/O in verify and parse.
"""
