"""Who may see and do what: one place, used by every door."""
