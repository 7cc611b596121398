"""What can be the id of a student: the one rule for files, folders, rosters, options and bundles.

An id is text in Unicode's composed form (NFC), so that `José` is one student whichever system
wrote the name of the file. It names folders and files, so it can lead nowhere and is not hidden.
"""

import unicodedata

from grader.errors import UsageError
from grader.text.shown import escaped

MAX_ID_BYTES = 120  # in UTF-8: a bundle's file name also has the lab, a digest and endings
RULE = (
    f"1 to {MAX_ID_BYTES} letters, digits, marks or inner spaces, none of them / or \\, "
    "and no . or - in front"
)


def as_student_id(text: str) -> str | None:
    """The id that the text is, in its composed form; None if it can be none."""
    composed = unicodedata.normalize("NFC", text)
    if not composed.isprintable() or composed != composed.strip():
        return None
    if composed.startswith((".", "-")) or "/" in composed or "\\" in composed:
        return None
    return composed if 0 < len(composed.encode()) <= MAX_ID_BYTES else None


def is_student_id(text: str) -> bool:
    """Whether the text is an id as it stands."""
    return as_student_id(text) == text


def student_id(text: str) -> str:
    """The id that the text is; UsageError with the rule if it can be none."""
    if (found := as_student_id(text)) is not None:
        return found
    raise UsageError(f"'{escaped(text)[:80]}' can't be a student id: {RULE}")
