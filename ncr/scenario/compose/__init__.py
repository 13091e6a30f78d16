"""Reads a Compose file into a topology: what is honoured, what is dropped with a note, what is refused by name."""
