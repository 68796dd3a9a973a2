"""Scenario files: what a server says, written down.

`source` reads a file and remembers its lines, `document` makes one whole of it and what it includes,
`transcript` turns conversations into scripts, `check` says what is wrong, `stage` is what is playing
on a server, `watch` follows the files, `export` writes a scenario from a journal.
"""
