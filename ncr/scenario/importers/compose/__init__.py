"""Compose files and the labs around them."""
