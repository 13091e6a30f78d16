"""What happens next: the only room that acts on its own."""
