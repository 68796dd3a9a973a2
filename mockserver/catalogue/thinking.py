"""How models mark their thinking."""

THINK_OPEN = 2
"""The tokens of ``<think>`` and its line end, counted from a stream's first event on."""

THINK_CLOSE = 3
"""The tokens of ``</think>`` and the line ends around it, counted from where the answer begins."""
