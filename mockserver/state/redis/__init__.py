"""What many processes remember together, in Redis or Valkey."""
