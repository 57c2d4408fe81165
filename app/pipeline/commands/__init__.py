"""Commands: a signed request asks for a handler to run and names where its outcome is told."""
