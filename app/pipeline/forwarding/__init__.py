"""Forwarding: stored events are posted to services as signed CloudEvents, at the pace each destination bears."""
