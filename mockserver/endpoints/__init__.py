"""What the cloud offers beside chat, without a line of network: a call in, the content of its answer out.

`fixtures/endpoints.json` has a row for each; `table.py` joins the rows and the functions that answer.
"""
