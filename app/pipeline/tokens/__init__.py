"""Tokens that several processes need and one of them fetches: the application's own and people's."""
