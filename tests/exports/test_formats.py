"""Formats are found by their names, Shardlab's own and those that a package brings."""

from importlib.metadata import EntryPoint

import pytest

from grader.errors import UsageError
from grader.exports import formats
from grader.exports.entry import ExportedLab, entries
from grader.exports.formats import Format, Order, check, document, find, names

SHOUTING = Format(lambda order: document("!".join(e.student for e in order.rows), order))


@pytest.fixture
def package(monkeypatch):
    """A package is installed that brings the format `shouting`."""
    point = EntryPoint("shouting", f"{__name__}:SHOUTING", formats.GROUP)

    def entry_points(group, name="shouting"):
        return [point] if (group, name) == (formats.GROUP, "shouting") else []

    monkeypatch.setattr(formats, "entry_points", entry_points)
    monkeypatch.setattr(EntryPoint, "load", lambda self: SHOUTING)


def test_shardlabs_own_formats_are_there_by_name():
    """Each of them is a module's FORMAT."""
    assert all(isinstance(find(name), Format) for name in names())
    assert find("nowhere") is None


@pytest.mark.usefixtures("package")
def test_a_package_brings_a_format(make):
    """It is listed after our own, found by its name, and makes an export of the same order."""
    assert names()[-1] == "shouting"
    rows = entries([make.grade(None, make.result()), make.missing(make.student("bob"))])
    made = find("shouting").make(Order((ExportedLab("x", "X", 100),), tuple(rows)))
    assert (made.content, made.written) == ("ann!bob", 1)
    assert made.notes == ("bob, adding: nothing handed in",)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("moodle", {"labs": ["a", "b"]}, "takes one lab"),
        ("moodle", {}, "can only be filled in"),
        ("junit", {"template": b""}, "--template is for canvas and moodle"),
        ("csv", {"columns": {"a": "A"}}, "--column is for canvas"),
    ],
)
def test_what_a_format_can_not_use_is_refused(name, given, words):
    """By the format's own facts, with the mend."""
    asked = {"labs": ["a"], "template": None, "columns": {}} | given
    labs = asked.pop("labs")
    with pytest.raises(UsageError, match=words):
        check(name, find(name), labs, **asked)
