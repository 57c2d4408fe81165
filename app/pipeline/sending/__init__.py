"""Messages: accepted in one commit, sent in the background at the pace each platform allows, every recipient accounted for."""
