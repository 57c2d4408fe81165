"""The relay: siblings call a platform from this one address, with a token that is put in on the way."""
