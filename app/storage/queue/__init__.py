"""Dispatches and their attempts: stored with their event, claimed with a lease, completed once, replayed."""
