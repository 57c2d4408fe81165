"""The documentation as a site in two languages: which pages it has, and how it is made of docs/. The gateway knows nothing of this."""
