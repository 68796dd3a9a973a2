"""Values for JSON schemas: what is valid, and plausible."""
