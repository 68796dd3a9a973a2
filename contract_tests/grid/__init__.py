"""The grid: broken clients that nobody thought of, made of the reference client by operators.

*What* is broken, *how* and *when* stand in `table.json`; every combination of the three is one broken client.
What no conversation can show is told apart by the rules of that table, each with its reason.
"""
