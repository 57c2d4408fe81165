"""Callgate: the gateway package. A container only: nothing is imported here."""
