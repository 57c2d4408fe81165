"""The built-in watch: what needs a person, told through our own channels when it changes."""
