"""What tests use: a mock in words, in this process or another."""
