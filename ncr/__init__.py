"""NCR, the exercise platform for the Norwegian Cyber Range."""
