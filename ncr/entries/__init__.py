"""Getting in: terminals and web pages of environments, for whoever holds a ticket."""
