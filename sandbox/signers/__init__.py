"""How each platform signs and encrypts what it sends, written from the protocol notes alone.

One file per family. Pure functions on bytes: no HTTP, no settings, no clock. Nothing is shared with the
gateway, so that a mistake made on one side cannot hide on the other.
"""
