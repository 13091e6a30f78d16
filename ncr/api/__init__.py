"""The machines' door: HTTP, one router per noun."""
