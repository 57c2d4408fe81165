"""The database itself: connections and transactions, shared commits, its clock, its log, its schema. No table of ours."""
