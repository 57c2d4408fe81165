"""What people meet in a browser: logging in, their session, their data, the page with a bind code."""
