"""Tables of logins: flows under way, people, their identities, tokens and sessions, the keys that sign those."""
