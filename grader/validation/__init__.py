"""A course proves itself: what holds for every lab that is fit to be released.

`checks` grades a course's own submissions through the same grading as any other: solution, stub,
variants, mutants, garbage; and looks at its hand-outs and at what is released. Each finding is a
`Check` with the facts in words; nothing here prints.
"""

from grader.validation.check import Check
from grader.validation.checks import validate

__all__ = ["Check", "validate"]
