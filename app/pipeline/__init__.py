"""The story: what happens to a callback, a login, a binding, step by step; it reads top to bottom."""
