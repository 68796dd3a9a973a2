"""Carries requests from the network to the engine and answers back."""
