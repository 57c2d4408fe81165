"""The OpenID provider: other systems log their people in through this gateway."""
