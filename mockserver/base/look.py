"""How everything looks that the mock shows in a browser: its page, the kit's report, the matrix."""

from functools import cache

from mockserver.base.resources import folder


@cache
def stylesheet() -> str:
    """The style that all of them share, as CSS; a document of one file puts it into its head.

    Its names say what a thing means: `good`, `bad`, `odd` and `other` (also `passed`, `failed`, `missing`
    and `unclear`), `faint`, `number`, and `wide` around a table that may be wider than the screen.
    `data-theme="dark"` or `"light"` on the root goes before what the browser prefers.
    """
    return (folder("page") / "look.css").read_text(encoding="utf-8")
