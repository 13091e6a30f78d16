"""The rules: everything of a scenario that turns facts into points, as plain data; pure."""
