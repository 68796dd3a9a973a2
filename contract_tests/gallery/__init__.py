"""One client that does everything right, and many that each do one thing wrong: the proof of the kit."""
