"""The management API, one file for each resource. Views only: what they show and do is pipeline/operators."""
