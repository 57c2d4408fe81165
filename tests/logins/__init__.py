"""Logins described by data: the language, the files, and what they do with answers that were recorded or made up elsewhere."""
