"""The engine names no lab: what is one lab's own lies in that lab's folders."""

import re
from pathlib import Path

from grader.course import load_course
from grader.evidence import importable

ROOT = Path(__file__).parent.parent
COURSE = load_course(ROOT)
EXAMPLE = re.compile(r"Example: shardlab .*")  # in --help, which has to name a lab that is there


def told_words():
    """Slug and module of every lab, and the parts of the one model that a lab brings."""
    for lab in COURSE.labs():
        yield from (lab.slug, lab.entry)
        if lab.assignment.trace:
            with importable(lab.folder):
                from evidence.task import CONFIG
            layer = [name.split(".") for name in CONFIG.shapes() if name.startswith("layers.")]
            yield from {parts[2] for parts in layer}
            yield from {".".join(parts[2:4]) for parts in layer if parts[3] != "weight"}


def test_no_word_of_a_lab_stands_in_the_engine():
    """In no line of code, comment or template, but for the examples that --help shows."""
    words = sorted(set(told_words()))
    assert {"two-way-tp", "two_way_tp", "mlp", "attn.q"} <= set(words)
    pattern = re.compile(rf"(?<![A-Za-z])({'|'.join(map(re.escape, words))})(?![A-Za-z])")
    files = [path for path in (ROOT / "grader").rglob("*") if path.suffix in (".py", ".j2")]
    assert len(files) > 100
    found = []
    for path in files:
        help_too = path.is_relative_to(ROOT / "grader" / "cli")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            told = EXAMPLE.sub("", line) if help_too else line
            found += [f"{path}:{number}: {line.strip()}"] * bool(pattern.search(told))
    assert not found, "\n".join(found)
