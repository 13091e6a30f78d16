"""When it happens: exercises, their life, their timeline and their journal."""
