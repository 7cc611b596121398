"""A course proves itself: what holds for every lab that is fit to be released.

`checks` grades the course's own submissions as it would any other: solution, stub, variants,
mutants, garbage. It also checks the hand-outs and what is released. Each result is a `Check` with
the facts in words; nothing here prints.
"""

from grader.validation.checks import validate
from grader.validation.judged import Check

__all__ = ["Check", "validate"]
