"""The people's door: pages, templates and translations."""
