"""Tables of binding: codes, who is bound to which app, who follows which account."""
