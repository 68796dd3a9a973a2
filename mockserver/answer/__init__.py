"""What to say: scripted replies first, then the built-in model."""
