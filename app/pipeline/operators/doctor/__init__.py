"""What is wrong with a gateway, found out and told with its cure: one file for each kind of finding.

A file holds facts that are asked for once, and pure functions that judge them. Nothing here prints, and nothing is changed.
"""
