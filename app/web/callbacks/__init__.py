"""The callback addresses: from a request on the wire to the value that pipeline/inbound takes, and its answer back."""
