"""What a server remembers: worlds, the journal, sessions."""
