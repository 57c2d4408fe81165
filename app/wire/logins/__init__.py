"""Logins described by data: a description is read, compiled to closures, and used as a platform's connector.

A description names pages, calls, where values stand in answers, and what refusals mean; the TOML files are in
app/platforms/oauth2/presets/. Pure but for the `http` that is handed in; nothing is stored here.
"""
