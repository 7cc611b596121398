"""One ghost never blocks an export: whatever the others are, a good student's score is written."""

import csv
import io
import json
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.exports.exported import entries
from grader.exports.formats import ExportOrder, find
from grader.gradebook.rows import Student

GOOD = [
    Student(f"good{i}", f"Good Person {i}", f"good{i}@x.example", "g", str(500 + i))
    for i in range(3)
]
ODD = st.sampled_from(
    ["", " ", "x", "0", "=1+1", "9" * 40, "41x", "Points Possible", "ID", "\u202e", "a/b"]
)
GHOSTS = st.lists(
    st.builds(
        Student,
        id=ODD | st.text(max_size=4) | st.just("y" * 300),
        name=ODD | st.text(max_size=8),
        email=ODD | st.just("twin@x.example"),
        group=ODD,
        lms_id=ODD | st.sampled_from(["7", "007"]),
    ),
    max_size=5,
    unique_by=lambda each: each.id.casefold(),
)
FATES = ("graded", "withheld", "ungraded", "missing", "timeless")


def grade_of(make, who, fate):
    """A grade of that fate."""
    if fate in {"graded", "timeless"}:
        grade = make.grade(who, make.result(), raw=12.5)
        attempt = msgspec.structs.replace(grade.counts.attempt, submitted_at=None)
        counts = msgspec.structs.replace(grade.counts, attempt=attempt)
        return msgspec.structs.replace(grade, counts=counts) if fate == "timeless" else grade
    if fate == "withheld":
        return make.grade(who, make.withheld())
    return make.grade(who) if fate == "ungraded" else make.missing(who)


def by_csv(text, who, score, delimiter=","):
    """Numbers of one column of a table by another."""
    lines = csv.DictReader(
        io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter
    )
    return {line[who]: float(line[score]) for line in lines if line[score]}


def read(form, content, sheets):
    """The scores in an export, by what tells a student in it."""
    if form == "gradescope":
        return {name: json.loads(each).get("score") for name, each in content.items()}
    if form == "junit":
        suites = ET.fromstring(content.encode()).iter("testsuite")
        return {each.get("name"): int(each.get("tests")) for each in suites}
    if form == "canvas":
        scores = sheets.canvas_reads(content).items()
        return {str(who): score for (who, lab), score in scores if lab in {881, "Adding up"}}
    if form == "moodle":
        return by_csv(content, "Email address", "Grade")
    return by_csv(content, {"csv": "student", "nbgrader": "student_id"}[form], "score")


KEYS = {
    "csv": lambda each: each.id,
    "nbgrader": lambda each: each.id,
    "canvas": lambda each: each.lms_id,
    "moodle": lambda each: each.email,
    "gradescope": lambda each: f"{each.id}.json",
    "junit": lambda each: f"adding {each.id}",
}
VALUES = {"junit": 2}  # cases


@pytest.mark.parametrize(
    ("form", "filled"),
    [("csv", False), ("nbgrader", False), ("canvas", False), ("gradescope", False),
     ("junit", False), ("canvas", True), ("moodle", True)],
)  # fmt: skip
@given(data=st.data())
@settings(derandomize=True, deadline=None, max_examples=60)
def test_a_ghost_blocks_nobody(make, sheets, form, filled, data):
    """In every format: the scores of the others are all there, and each lost one is named."""
    ghosts = data.draw(GHOSTS)
    fates = [data.draw(st.sampled_from(FATES)) for _ in ghosts]
    grades = [make.grade(each, make.result(), raw=12.5) for each in GOOD]
    grades += [grade_of(make, *each) for each in zip(ghosts, fates, strict=True)]
    rows = entries(
        data.draw(st.permutations(grades)), missing_as=data.draw(st.sampled_from([None, 0]))
    )
    template = None
    if filled:
        write = sheets.canvas if form == "canvas" else sheets.moodle
        template = (write([*GOOD, *data.draw(GHOSTS)]) + ",,\n\n-\n").encode()
    made = find(form).make(ExportOrder((make.lab,), tuple(rows), template))
    found = read(form, made.content, sheets)
    for each in GOOD:
        assert found[KEYS[form](each)] == VALUES.get(form, 12.5), made.notes
    scored = sum(each.score is not None for each in rows)
    kept = sum(" kept: " in each for each in made.notes)
    assert made.written + len(made.unplaced) + kept == scored
