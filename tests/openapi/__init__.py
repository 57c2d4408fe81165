"""What the API says of itself, held against what it answers."""
