"""Binding: a code is made for an app, and whoever scans or types it is bound to it, once."""
