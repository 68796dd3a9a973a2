"""The commands of `dashscope-mock`: one module each.

A module has `add`, which enters its parser with `run` as a default: a function that takes the options
and returns the exit status. It imports what it needs when it runs, so that help answers at once.
"""
