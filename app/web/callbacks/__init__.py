"""Callback addresses: from a request on the wire to the value that pipeline/inbound takes and back; the event loop in front."""
