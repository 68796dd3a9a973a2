"""What users say that is to be said, and when."""
