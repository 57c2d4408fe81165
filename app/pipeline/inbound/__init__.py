"""The way of a callback: proof, storage in one commit, inline handlers, the platform's own answer."""
