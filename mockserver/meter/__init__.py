"""What an exchange costs: tokens, the prompt template, usage."""
