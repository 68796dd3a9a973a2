"""How bytes look: requests read into one `ChatRequest`, one `Reply` rendered for each surface.

Nothing in this package opens a socket, reads a clock or keeps global state.
"""
