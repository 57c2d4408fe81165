"""The OpenID provider over HTTP: authorize, token, user info, discovery, logout, authorised apps. Rules are the pipeline's."""
