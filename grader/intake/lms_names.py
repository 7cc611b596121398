"""Names as Canvas and Moodle write them into the names of files, to be compared with a roster's."""

import re
import unicodedata

_LOST_IN_MOODLE = re.compile(r"[&<>\"`|':\\/’´]")  # from a file's name; and what looks alike

_MARK = re.compile(r"</?(?:span|img|i)\b[^>]*>")


def unmarked(name: str) -> str:
    """A name of Moodle's worksheet without the mark that a suspended participant's has."""
    return _MARK.sub("", name).strip()


def moodle_key(name: str) -> str:
    """A name as it is compared with what Moodle makes of one in the name of a file."""
    plain = _LOST_IN_MOODLE.sub("", unicodedata.normalize("NFC", name).replace("_", " "))
    return " ".join(plain.split())


def moodle_keys(name: str) -> list[str]:
    """The forms of a name: as it is, and turned round if it is `Doe, Jane`."""
    last, comma, first = name.partition(",")
    return [moodle_key(name)] + [moodle_key(f"{first} {last}")] * bool(comma)


def canvas_key(name: str) -> str:
    """A name as Canvas makes one in the name of a file: word characters, in small letters."""
    lowered = re.sub(r"_(\d+)_", r"\1", unicodedata.normalize("NFC", name)).lower()
    return "".join(filter(_is_word, lowered))


def canvas_keys(name: str) -> set[str]:
    """The forms of a name: its words from any of them on, and then those before it."""
    words = name.replace(",", " ").split()
    return {canvas_key("".join(words[at:] + words[:at])) for at in range(len(words))}


def _is_word(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] in "LM" or kind in ("Nd", "Pc")
