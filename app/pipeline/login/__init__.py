"""The way of a login: start, return, exchange, the person, their session."""
