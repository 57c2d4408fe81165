"""What the issuer keeps: registered clients, grants with their codes and refresh tokens, consents, signing keys."""
