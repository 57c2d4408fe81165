"""Protocol pieces that several platforms speak. Pure: bytes in, values out; no settings, no channel, no network."""
