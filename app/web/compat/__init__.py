"""Other programs' habits of sending: the addresses and answers that their clients expect, one file for each.

Each reads its own fields and words its own answers; whom a key reaches and how is app.pipeline.sending.push. What was
answered is stored; whether it arrived is in the history of messages.
"""
