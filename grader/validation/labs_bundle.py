"""What the bundle for students holds: labs, the guide to them, and how to begin."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from grader import __version__
from grader.course import Course, Lab, written_files
from grader.course.authored import text_of
from grader.errors import CourseError, UsageError
from grader.intake.receipts import public_key

START_HERE = "START-HERE.txt"
OLDEST_PYTHON = "3.11"
_EXTRAS = ("torch",)  # of the package, each named like the module that a lab may preload
_LINK = re.compile(r"\]\(\s*<?([^)#\s>]+)|\bsrc=[\"']([^\"'#]+)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_TEXT = """\
{name}

1. Install Shardlab {version}. It needs Python {python} or later on Linux or macOS
   (on Windows: in WSL).
{install}
2. Begin, in this folder:

     shardlab list
     shardlab start {first}
     cd {first}
     shardlab check

   Work in the folder that 'start' makes: what lies in assignments/ stays as it
   is. From here on all works offline, but for handing in.
{read}
'shardlab --help' lists all commands; 'shardlab doctor' says what this machine
can run. When you are given a newer bundle of labs, in this folder:

     shardlab update NEWER.zip

It brings what changed, and never touches the file that you write.
"""


def members(
    course: Course, labs: Sequence[Lab], wheel: Path | None = None
) -> Iterator[tuple[str, bytes]]:
    """Name and content of every member: a course of these labs, without the instructor's part.

    With all labs of the course comes the guide: the pages in `assignments/`, and what of it they
    show. With a wheel, the bundle says how to install from it.
    """
    yield START_HERE, _start_here(course, labs, wheel).encode()
    if wheel is not None:
        yield wheel.name, _read_wheel(wheel)
    yield "course.toml", _course_file(course, labs).encode()
    if is_whole(course, labs):
        for path in pages(course):
            yield path.relative_to(course.root).as_posix(), path.read_bytes()
    for lab in labs:
        for path in written_files(lab.folder):
            relative = path.relative_to(lab.folder).as_posix()
            yield f"assignments/{lab.slug}/{relative}", path.read_bytes()


def is_whole(course: Course, labs: Sequence[Lab]) -> bool:
    """Whether these are all labs of the course."""
    return {lab.slug for lab in labs} == set(course.slugs)


def pages(course: Course) -> list[Path]:
    """The pages that lie in `assignments/`, and what they link to there, but for the labs' own.

    Raises:
        CourseError: a page links to what is not there, or lies elsewhere; students would not
            have it.
    """
    folder = course.root / "assignments"
    found, problems = dict.fromkeys(sorted(folder.glob("*.md"))), []
    for page in list(found):
        for name in _links(text_of(page)):
            target = Path(folder, name).resolve()
            if not target.exists() or not target.is_relative_to(folder.resolve()):
                problems.append(f"{page}: links to {name}, which no bundle of labs holds")
            elif target.relative_to(folder.resolve()).parts[0] not in course.slugs:
                found[folder / target.relative_to(folder.resolve())] = None
    if problems:
        raise CourseError(*problems)
    return [path for path in found if path.is_file()]


def _links(text: str) -> Iterator[str]:
    for match in _LINK.finditer(text):
        name = unquote(match[1] or match[2])
        if not _SCHEME.match(name):
            yield name


def _course_file(course: Course, labs: Sequence[Lab]) -> str:
    facts = {
        "name": course.name,
        "labs": [lab.slug for lab in labs],
        "inbox": course.inbox,
        "receipt_key": public_key(course.root),
        "timezone": course.timezone,
    }
    # JSON's way to quote is TOML's, too
    return "".join(
        f"{key} = {json.dumps(fact, ensure_ascii=False)}\n" for key, fact in facts.items() if fact
    )


def _start_here(course: Course, labs: Sequence[Lab], wheel: Path | None) -> str:
    read = ""
    if is_whole(course, labs) and (
        found := [path for path in pages(course) if path.suffix == ".md"]
    ):
        names = [path.relative_to(course.root).as_posix() for path in found]
        read = "\n3. Beside the labs, to read:\n\n" + "".join(f"     {name}\n" for name in names)
    return _TEXT.format(
        name=course.name,
        version=__version__,
        python=OLDEST_PYTHON,
        install=_install(labs, wheel),
        first=min(labs, key=lambda lab: lab.assignment.order).slug,
        read=read,
    )


def _install(labs: Sequence[Lab], wheel: Path | None) -> str:
    if wheel is None:
        return "   Your course says where to get it.\n"
    lines = ["   Any one of these lines, in this folder:", ""]
    lines += [
        f"     {way} './{wheel.name}[sandbox]'" for way in ("pipx install", "uv tool install")
    ]
    lines += [f"     python3 -m pip install './{wheel.name}[sandbox]'", ""]
    lines += ["   (the last in a virtual environment: python3 -m venv)"]
    for extra in _EXTRAS:
        if slugs := [lab.slug for lab in labs if extra in lab.assignment.preload]:
            lines += [f"   For {', '.join(slugs)}, which needs {extra}: [sandbox,{extra}]"]
    return "\n".join(lines) + "\n"


def _read_wheel(wheel: Path) -> bytes:
    if not wheel.name.startswith(f"shardlab-{__version__}-") or wheel.suffix != ".whl":
        raise UsageError(
            f"{wheel.name} is no wheel of shardlab {__version__}, which releases this; "
            "make one: make wheel"
        )
    try:
        return wheel.read_bytes()
    except OSError as error:
        raise UsageError(f"{wheel} can't be read: {error.strerror}") from None
