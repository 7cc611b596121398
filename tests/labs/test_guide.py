"""The guide to the phase: its links lead somewhere, its code runs, its numbers are computed.

The convention of EXERCISES.md: an answer is a `<details>` with prose and exactly one ```python
block. A number in bold in the prose, like `**2.25 ms**` or `**7/39**`, must be one side of a `==`
in an `assert` of that block, as the same number to the last decimal: `== 2.25`, `== 7/39` as
`Fraction(7, 39)`. The other side must be computed, that is, contain a name. Units, signs for
percent and commas between thousands are not compared. As the block is run, too, a number that is
wrong in the prose, in the block or in both fails.
"""

import ast
import json
import re
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote

import pytest

from grader.validation.handout import examples, run_examples

ROOT = Path(__file__).parents[2]
ASSIGNMENTS = ROOT / "assignments"
GUIDE, EXERCISES = ASSIGNMENTS / "README.md", ASSIGNMENTS / "EXERCISES.md"
INTERVIEW, CHEATSHEET = ASSIGNMENTS / "INTERVIEW.md", ASSIGNMENTS / "CHEATSHEET.md"
OURS = (GUIDE, EXERCISES, INTERVIEW, CHEATSHEET)
TEXTS = (ROOT / "README.md", *sorted(ASSIGNMENTS.rglob("*.md")))
FIGURES = sorted(ASSIGNMENTS.rglob("*.svg"))

_FENCE = re.compile(r"^(```+|~~~+)[^\n]*\n.*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(`+)[^`].*?\1", re.DOTALL)
_TARGETS = (
    re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)"),  # [text](target), ![alt](target)
    re.compile(r"^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)", re.MULTILINE),  # [label]: target
    re.compile(r"<(?:a|img)\b[^>]*?\b(?:href|src)=[\"']([^\"']+)", re.IGNORECASE),
)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_NAMED = re.compile(r"<[a-z]+\b[^>]*?\b(?:id|name)=[\"']([^\"']+)", re.IGNORECASE)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_ANSWER = re.compile(r"<details><summary>Answer</summary>\n(.*?)\n</details>", re.DOTALL)
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:/\d+)?")


def _without_code(text: str) -> str:
    return _CODE.sub("", _FENCE.sub("", text))


def _anchors(path: Path) -> set[str]:
    """What can follow `#` in a link to this text, by the rules of GitHub."""
    text = _FENCE.sub("", path.read_text("utf-8"))
    seen: dict[str, int] = {}
    found = set(_NAMED.findall(text))
    for heading in _HEADING.findall(text):
        words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found


def _dead_links(path: Path, root: Path) -> Iterator[str]:
    """The relative links of a text that lead nowhere, or out of `root`."""
    text = _without_code(path.read_text("utf-8"))
    for target in (hit for pattern in _TARGETS for hit in pattern.findall(text)):
        if _SCHEME.match(target):
            continue
        name, _, anchor = unquote(target).partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.is_relative_to(root) or not there.exists():
            yield f"{target}: no such file"
        elif anchor and (there.suffix != ".md" or anchor not in _anchors(there)):
            yield f"{target}: no such heading"


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def _number(node: ast.expr) -> Fraction | None:
    """The number that is written there, exactly; None for what is computed."""
    source = ast.unparse(node)
    match node:
        case ast.Constant(value=int() | float()):
            return Fraction(source)
        case ast.Call(args=[ast.Constant(value=int(top)), ast.Constant(value=int(bottom))]):
            return Fraction(top, bottom) if source.startswith("Fraction(") else None
    return None


def _asserted(source: str) -> set[Fraction]:
    """The numbers that something computed is asserted to be equal to."""
    found: set[Fraction] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
                for side, other in ((left, right), (right, left)):
                    value = _number(side)
                    computed = _number(other) is None and any(
                        isinstance(each, ast.Name) for each in ast.walk(other)
                    )
                    if value is not None and computed:
                        found.add(value)
    return found


def _promised(prose: str) -> list[str]:
    """The numbers in bold."""
    return [each.rstrip(",") for bold in _BOLD.findall(prose) for each in _NUMBER.findall(bold)]


def _unproved(answer: str) -> Iterator[str]:
    """What is wrong with an answer by the convention above."""
    blocks = _blocks(answer, "python")
    promised = _promised(_FENCE.sub("", answer))
    if len(blocks) != 1 or not promised:
        yield f"{len(blocks)} blocks and {len(promised)} bold numbers"
        return
    asserted = _asserted(blocks[0])
    yield from (each for each in promised if Fraction(each.replace(",", "")) not in asserted)


def _external(path: Path) -> Iterator[str]:
    """What in a figure would load, run or declare something."""
    text = path.read_text("utf-8")
    yield from re.findall(r"<!DOCTYPE|<!ENTITY|<\?xml-stylesheet|@import", text, re.IGNORECASE)
    for element in ET.fromstring(text).iter():
        tag = element.tag.rpartition("}")[2]
        if tag in {"script", "foreignObject", "image", "iframe"}:
            yield f"<{tag}>"
        for key, value in element.attrib.items():
            name = key.rpartition("}")[2]
            if name.startswith("on") or (name in {"href", "src"} and not value.startswith("#")):
                yield f"{name}={value}"
        for value in (*element.attrib.values(), element.text or ""):
            yield from re.findall(r"url\(\s*['\"]?(?!#)[^)]*\)", value)


def _local(name: str, root: ET.Element) -> str:
    found = root.find(f"{{http://www.w3.org/2000/svg}}{name}")
    return "" if found is None else (found.text or "").strip()


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEXTS, ids=_id)
def test_links_lead_somewhere(path):
    """Every relative link and anchor of the README and of all hand-outs has a target."""
    assert not list(_dead_links(path, ROOT))


@pytest.mark.parametrize("path", OURS, ids=_id)
def test_python_runs_by_itself(path):
    """Every Python block runs alone, in a fresh namespace, and its assertions hold."""
    _, problems = run_examples(path)
    assert not problems


def test_there_is_something_to_run():
    """The guide and the cheat sheet are checked by code, and each exercise is."""
    assert len(examples(GUIDE)) >= 1
    assert len(examples(CHEATSHEET)) >= 1
    assert len(examples(EXERCISES)) == 12


@pytest.mark.parametrize("path", TEXTS, ids=_id)
def test_data_blocks_parse(path):
    """Every JSON and TOML block is JSON and TOML."""
    text = path.read_text("utf-8")
    for block in _blocks(text, "json"):
        json.loads(block)
    for block in _blocks(text, "toml"):
        tomllib.loads(block)


@pytest.mark.parametrize("path", FIGURES, ids=_id)
def test_figures_stand_alone(path):
    """A figure is XML, scales, names and describes itself, and loads or runs nothing."""
    root = ET.fromstring(path.read_text("utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox")
    assert _local("title", root)
    assert not list(_external(path))


@pytest.mark.parametrize("path", sorted((ASSIGNMENTS / "figures").glob("*.svg")), ids=_id)
def test_guide_figures_are_for_everyone(path):
    """Each figure has a text in its place in the guide, a description, and its own background.

    The background is what makes it readable in light and in dark mode.
    """
    shown = re.findall(
        rf"!\[([^\]]+)\]\(figures/{re.escape(path.name)}\)", GUIDE.read_text("utf-8")
    )
    assert len(shown) == 1
    assert len(shown[0].split()) >= 8
    root = ET.fromstring(path.read_text("utf-8"))
    assert _local("desc", root)
    first = next(each for each in root if each.tag.endswith("}rect"))
    assert first.get("fill") == "#ffffff"
    assert f"{first.get('width')} {first.get('height')}" == root.get("viewBox", "")[4:]


def test_three_figures():
    """The guide's figures were found at all."""
    assert len(list((ASSIGNMENTS / "figures").glob("*.svg"))) == 3


def test_twelve_exercises_with_folded_answers():
    """Each exercise has a number in order, a question, and one answer that is folded."""
    text = EXERCISES.read_text("utf-8")
    parts = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    assert [part.partition(".")[0] for part in parts] == [str(n) for n in range(1, 13)]
    for part in parts:
        question, _, rest = part.partition("<details>")
        assert len(question.partition("\n")[2].split()) >= 15
        assert rest.count("</details>") == 1


@pytest.mark.parametrize("number", range(1, 13))
def test_bold_numbers_are_computed(number):
    """Every bold number in an answer is asserted by the answer's block."""
    answers = _ANSWER.findall(EXERCISES.read_text("utf-8"))
    assert len(answers) == 12
    assert not list(_unproved(answers[number - 1]))


def test_ten_interview_questions():
    """Each question has an answer of about two minutes, a follow-up, and what sounds wrong."""
    parts = re.split(r"^### ", INTERVIEW.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert [part.partition(".")[0] for part in parts] == [str(n) for n in range(1, 11)]
    for part in parts:
        places = [
            part.index(each) for each in ("**Answer.**", "**Follow-up.**", "**Sounds wrong.**")
        ]
        assert places == sorted(places)
        assert 60 <= len(part[places[0] : places[1]].split()) <= 300


@pytest.mark.parametrize(
    ("path", "least", "most"), [(GUIDE, 2000, 2800), (CHEATSHEET, 200, 700)], ids=["guide", "sheet"]
)
def test_length(path, least, most):
    """The guide can be read in a quarter of an hour; the cheat sheet is one page."""
    assert least <= len(_FENCE.sub("", path.read_text("utf-8")).split()) <= most


# The checks above can fail.

ANSWER = "It takes **{}**.\n\n```python\nseconds = 0.00225\nassert {}\n```\n"


def test_a_bold_number_that_is_computed_is_accepted():
    """The number, its unit, a comma between thousands and a fraction are understood."""
    assert not list(_unproved(ANSWER.format("2.25 ms", "round(seconds * 1e3, 2) == 2.25")))
    assert not list(_unproved(ANSWER.format("1,000 B", "len(str(seconds)) * 0 + 1000 == 1_000")))
    assert not list(_unproved(ANSWER.format("7/39", "seconds == Fraction(7, 39)")))
    assert not list(_unproved(ANSWER.format("18 %", "18 == round(seconds)")))


@pytest.mark.parametrize(
    ("bold", "test"),
    [
        ("2.26 ms", "round(seconds * 1e3, 2) == 2.25"),
        ("2.25 ms", "2.25 == 2.25"),
        ("2.25 ms", "2.25 == 225 / 100"),
        ("2.25 ms", "seconds < 2.25"),
        ("2.25 ms", "seconds == 2.25 or True"),
        ("7/39", "seconds == Fraction(7, 38)"),
        ("no number", "seconds == 2.25"),
    ],
)
def test_a_bold_number_that_is_not_computed_is_found(bold, test):
    """A slip, a constant beside itself, an inequality and an answer without a number are found."""
    assert list(_unproved(ANSWER.format(bold, test)))


def test_dead_links_are_found(tmp_path):
    """Missing files, missing headings and ways out are found; code and the web are left alone."""
    there = tmp_path / "there.md"
    there.write_text("# One `x` two!\n\n## Same\n\n## Same\n\n```\n# No heading\n```\n", "utf-8")
    here = tmp_path / "here.md"
    good = "[a](there.md) [b](there.md#one-x-two) [c](there.md#same-1) [d](#top) [e](https://x.y)"
    here.write_text(f"# Top\n\n{good}\n\n`[f](gone.md)`\n\n```\n[g](gone.md)\n```\n", "utf-8")
    assert not list(_dead_links(here, tmp_path))
    for bad in ("gone.md", "there.md#no-heading", "there.md#same-2", "#bottom", "../x", ".."):
        here.write_text(f"# Top\n\n[a]({bad})\n", "utf-8")
        assert len(list(_dead_links(here, tmp_path))) == 1, bad
    here.write_text('# Top\n\n<img src="gone.svg">\n\n[b]: gone.md\n', "utf-8")
    assert len(list(_dead_links(here, tmp_path))) == 2


@pytest.mark.parametrize(
    "inside",
    [
        '<image href="https://x.y/z.png"/>',
        '<use href="other.svg#a"/>',
        '<rect fill="url(https://x.y)"/>',
        "<style>@import 'a.css';</style>",
        "<style>a { background: url(b.png) }</style>",
        "<script>1</script>",
        '<rect onclick="x()"/>',
    ],
)
def test_external_references_are_found(tmp_path, inside):
    """Whatever loads or runs something in a figure is found; a reference within it is not."""
    path = tmp_path / "a.svg"
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>', "utf-8")
    assert list(_external(path))
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"/></svg>', "utf-8")
    assert not list(_external(path))
