"""Coming from an older version: what people edited is taken over, and data stays."""
