"""The endpoints beside chat, without a network."""
