"""The command `ncr`."""
