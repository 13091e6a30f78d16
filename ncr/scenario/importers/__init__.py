"""Brings other systems' content into our format; what becomes of every field of the source is told in a report."""
