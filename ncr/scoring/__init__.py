"""How much: facts in, standings out."""
