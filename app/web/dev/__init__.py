"""What only a development gateway shows: the front page and what it calls."""
