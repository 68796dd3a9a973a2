"""Other people's clients, unmodified, hold conversations with the running server.

Each client is a program of its own under `clients/`, in the language of its SDK, that knows nothing of the
server: it reads jobs and prints what its SDK told it. The tests compare that with what was scripted, and with
what the server's journal says was sent.
"""
