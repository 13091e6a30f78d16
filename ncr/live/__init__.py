"""Telling people: the ledger read aloud over WebSockets."""
