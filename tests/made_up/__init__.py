"""A platform that does not exist, to see what adding one takes; `acme` holds its three folders as data."""
