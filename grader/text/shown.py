r"""Text of unknown origin, made safe to show: one escape, one cut, one plural.

What a terminal might obey, what turns the direction of writing, and halves of surrogate pairs
are written out as escapes (`\x1b`, `\u202e`); all else stays as it is.
"""

from decimal import Decimal

_LAYOUT = "\n\t"


def escaped(text: str, keep: str = "") -> str:
    """The text with everything unprintable escaped, but for the characters in `keep`."""
    if text.isprintable():
        return text
    return "".join(c if c in keep or c.isprintable() else ascii(c)[1:-1] for c in text)


def printable(text: str, limit: int) -> str:
    """At most `limit` characters of the text, escaped; line breaks and tabs stay."""
    return escaped(text[:limit], keep=_LAYOUT)


def one_line(text: str) -> str:
    """The text in one line: line breaks become spaces, all else that is unprintable is escaped."""
    return escaped(text.replace("\n", " "))


def shortened(text: str, limit: int = 300) -> str:
    """The text itself, or its beginning and `…` where it is longer than `limit` characters."""
    return text if len(text) <= limit else f"{text[: max(1, limit) - 1]}…"


def plural(count: int | Decimal, noun: str) -> str:
    """`1 submission`, `2 submissions`, `7.5 points`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
