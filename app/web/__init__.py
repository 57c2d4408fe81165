"""The only place with Flask: requests become values, values become answers. Nothing is decided here."""
