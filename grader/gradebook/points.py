"""Points: a whole number, or one with at most two places behind the point; counted exactly.

Whole points are an `int`, others a `Decimal` without zeros at its end. So they are shown as 8 and
7.5 wherever they go, and no binary fraction (0.1 + 0.2) ever comes into a sum.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from grader.errors import UsageError

Points = int | Decimal
_PLACES = 2
_HUNDREDTHS = 10**_PLACES
_TOO_LONG = 9  # digits before the point: more than any lab has, and few enough to count with


def exact(points: Points) -> Points:
    """The same number of points as it is kept and shown: 8, not 8.0 or 8.00."""
    whole = int(points)
    return whole if whole == points else Decimal(points).normalize()


def total(parts: Iterable[Points]) -> Points:
    """The sum, exactly."""
    return exact(sum(parts))


def points_from(text: str) -> Points:
    """Points as a person writes them; UsageError says what can't be meant."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        mend = f"; write {text.replace(',', '.')}" if "," in text else ""
        raise UsageError(f"'{text}' is no number of points{mend}") from None
    return checked(number)


def checked(number: Points | float) -> Points:
    """The number as points; UsageError if it has more than two places or is no number at all."""
    given = Decimal(str(number))
    if not given.is_finite() or given.adjusted() >= _TOO_LONG:
        raise UsageError(f"'{number}' is no number of points")
    if given != rounded(given):
        raise UsageError(f"'{number}' points: more than two places; write {rounded(given)}")
    return exact(given)


def rounded(number: Points | float) -> Points:
    """The points nearest to a finite number; half a hundredth is rounded up."""
    given = Decimal(str(number))
    return exact(given.quantize(Decimal(1).scaleb(-_PLACES), ROUND_HALF_UP))


def in_two(points: Points) -> tuple[int, int]:
    """The whole points, and the hundredths on top of them, as the gradebook's columns hold them."""
    hundredths = int(points * _HUNDREDTHS)
    return hundredths // _HUNDREDTHS, hundredths % _HUNDREDTHS


def of_two(whole: int, hundredths: int) -> Points:
    """The points of these two columns."""
    return exact(whole + Decimal(hundredths) / _HUNDREDTHS) if hundredths else whole


def plain_number(points: Points) -> int | float:
    """The points as JSON and other systems write a number: 8 or 7.5."""
    return int(points) if points == int(points) else float(points)
