"""Signatures, envelopes, sealing, tokens, safe parsing and the only way out to the network."""
