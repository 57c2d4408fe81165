"""A serving process and how it is started, drained and replaced. What it serves is web and worker."""
