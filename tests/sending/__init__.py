"""Messages: accepted, sent, accounted for; against a platform that is a real HTTP server in this process."""
