"""Reads times that other programs wrote for people: `Monday, 23 November 2026, 2:05 PM`.

Moodle writes a time in the language and the zone of whoever downloads it, and says neither. What
could be read in two ways is not read.
"""

import re
import unicodedata
from datetime import UTC, datetime, tzinfo

# The names of months, January first; `|` between forms of one, as of cases. Languages whose names
# of months contradict each other (Croatian's `listopad` is another month than Czech's) are not
# there.
_LANGUAGES = """
January February March April May June July August September October November December
Jan Feb Mar Apr May Jun Jul Aug Sep|Sept Oct Nov Dec
Januar|Jänner Februar März April Mai Juni Juli August September Oktober November Dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
januari februari maart april mei juni juli augustus september oktober november december
januari februari mars april maj juni juli augusti september oktober november december
januar februar mars april mai juni juli august september oktober november desember
januar februar marts april maj juni juli august september oktober november december
gener febrer març abril maig juny juliol agost setembre octubre novembre desembre
stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
ledna února března dubna května června července srpna září října listopadu prosince
Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
"""
_TIME = re.compile(
    r"(?P<before>上午|下午|午前|午後|오전|오후)?\s*"
    r"(?<!\d)(?P<hour>\d{1,2})\s?[:.h時时]\s?(?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?(?!\d)"
    r"\s*分?\s*(?P<after>[ap]\.?\s?m\b\.?)?",
    re.IGNORECASE,
)
_AFTERNOON = ("下午", "午後", "오후")
_EAST_ASIAN = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_DOTTED = re.compile(r"(?<!\d)(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\d)")
_ISO_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


def foreign_time(text: str, zone: tzinfo) -> datetime | None:
    """The time in UTC that the text says, read in the zone unless it says its own.

    None if it says none, or may be read in two ways. An hour that the clock has twice, as summer
    ends, is the first of the two: nobody is the later for it.
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if (clock := _last(_TIME, plain)) is None:  # a day alone is no time
        return None
    try:
        exact = datetime.fromisoformat(plain.removesuffix(" UTC") + "Z" * plain.endswith(" UTC"))
        return _in_utc(exact, zone)
    except (ValueError, OverflowError):
        pass
    rest = plain[: clock.start()] + " " + plain[clock.end() :]
    hour, day = _hour(clock), _day(rest)
    if hour is None or day is None:
        return None
    try:
        minute, second = int(clock["minute"]), int(clock["second"] or 0)
        return _in_utc(datetime(*day, hour, minute, second), zone)  # noqa: DTZ001 - zone follows
    except (ValueError, OverflowError):
        return None


def _in_utc(time: datetime, zone: tzinfo) -> datetime:
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last match: a day may be written like a time, `23.11.2026 14:05`, and comes first."""
    return next(reversed(list(pattern.finditer(text))), None)


def _hour(clock: re.Match[str]) -> int | None:
    hour, half = int(clock["hour"]), (clock["before"] or clock["after"] or "").lower()
    if not half:
        return hour
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + 12 * (half in _AFTERNOON or half.startswith("p"))


def _day(text: str) -> tuple[int, int, int] | None:
    for pattern in (_EAST_ASIAN, _ISO_DAY):
        if match := pattern.search(text):
            return int(match[1]), int(match[2]), int(match[3])
    if match := _DOTTED.search(text):
        return int(match[3]), int(match[2]), int(match[1])
    years = re.findall(r"(?<!\d)\d{4}(?!\d)", text)
    days = re.findall(r"(?<!\d)\d{1,2}(?!\d)", text)
    months = {_MONTHS[each] for each in re.findall(r"[^\W\d_]+", _folded(text)) if each in _MONTHS}
    if len(years) == len(days) == len(months) == 1:
        return int(years[0]), months.pop(), int(days[0])
    return None


def _folded(text: str) -> str:
    """Lower case without accents, dotted capital I included."""
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


def _months() -> dict[str, int]:
    found = dict[str, int]()
    for language in _LANGUAGES.strip().splitlines():
        for number, forms in enumerate(language.split(), 1):
            found |= {_folded(form): number for form in forms.split("|")}
    return found


_MONTHS = _months()
