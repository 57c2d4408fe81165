"""Payments that never notified: who waits for an order, and what asks the platform when its notice does not come."""
