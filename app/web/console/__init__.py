"""The console: pages on which operators see what happened and act on it. One file for each page; rules are the pipeline's."""
