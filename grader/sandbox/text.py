"""Text of unknown origin, for a terminal, a log or a page."""

from __future__ import annotations

_LAYOUT = str.maketrans("", "", "\n\t")


def printable(text: str, limit: int) -> str:
    r"""At most `limit` characters of `text`, the unprintable ones escaped.

    Terminal escapes, control characters, marks that turn the direction of writing and lone
    surrogates become `\x1b` and the like; newlines and tabs stay.
    """
    text = text[:limit]
    if text.isprintable() or text.translate(_LAYOUT).isprintable():
        return text
    return "".join(c if c in "\n\t" or c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
