"""The only place with SQLAlchemy: one file per noun, its tables and functions together; only db.py commits."""
