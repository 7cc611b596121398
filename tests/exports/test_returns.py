"""Feedback goes back: every name is one that Canvas or Moodle knows, or its student is named."""

import io
import json
import re
import zipfile

import msgspec
import pytest

from grader.exports.exported import entries
from grader.exports.returns import Letter, for_canvas, for_moodle, zip_of

PAGE = b"<!doctype html>you had 7"
TIME = " 2026-12-20T09:30:00Z"  # what `collect` adds


def letter(student, *names, page=PAGE, **fields):
    """A student's feedback, with names of their files."""
    return Letter(student, page, ("Ann Doe", "7 points"), names, **fields)


# -- Canvas --------------------------------------------------------------------------------


def test_three_hundred_go_back_to_canvas(crowd, sheets):
    """Every page is attached to its own student's submission, whatever the name, late or not."""
    uploads = {str(90_000 + i): who.lms_id for i, who in enumerate(crowd)}
    letters = [
        letter(who, sheets.canvas_file(who, 90_000 + i, "ring.py", late=i % 2) + TIME)
        for i, who in enumerate(crowd)
    ]
    made = for_canvas(letters)
    taken = sheets.canvas_takes(made.members, uploads)
    own = {each.names[0].removesuffix(TIME): each.student for each in letters}
    assert taken == {name: own[name].lms_id for name in made.members}
    # Canvas itself takes a name such as `4711` for a number: these are named, and nobody else is
    odd = [who.id for who in crowd if re.sub(r"\W", "", who.name).isdecimal()]
    assert [each.split(":")[0] for each in made.unplaced] == odd
    assert len(taken) == len(crowd) - len(odd)


@pytest.mark.parametrize(
    "name",
    [
        "doeann_41_link_to_my_work.py",  # one number
        "doeann_41_9_my_link.py",  # the last part begins with `link`
        "doeann_42_9_ring.py",  # another's number
        "7_41_9_ring.py",  # Canvas reads 7
        "ring.py",
        "",
    ],
)
def test_what_canvas_would_ignore_or_misread_is_named(make, name):
    """No page under a name that Canvas skips, or takes for another's."""
    made = for_canvas([letter(make.student(), name)])
    assert (made.members, made.reached) == ({}, ())
    assert made.unplaced == ("ann: no file of theirs is known from a download of Canvas's",)


def test_the_newest_name_that_canvas_knows_is_taken(make):
    """A bundle from the inbox has none; of two uploads it is the newer one's."""
    names = ("adding/ann/x.shardlab.zip", f"doeann_41_12_a.py{TIME}", f"doeann_41_9_a.py{TIME}")
    assert set(for_canvas([letter(make.student(), *names)]).members) == {"doeann_41_12_a.py"}


def test_a_download_says_what_the_gradebook_does_not(make):
    """By the number in Canvas; the submission itself before what lies beside it."""
    download = ["x/doeann_41_8_a.trace", "x/doeann_41_9_a.py", "x/roebob_42_7_a.py",
                "anon_Ab3dE_5_a.py"]  # fmt: skip
    bob = make.student("bob", lms_id="")
    made = for_canvas([letter(make.student()), letter(bob)], download)
    assert set(made.members) == {"doeann_41_9_a.py"}
    assert made.unplaced == ("bob: no file of theirs is known from a download of Canvas's",)


@pytest.mark.parametrize(
    ("file", "kind"),
    [("a.py", "python"), ("a.html", "page"), ("a.zip", "zip"), ("a.ipynb", "notebook"),
     ("a.txt", "text"), ("a", "text")],
)  # fmt: skip
def test_the_content_is_of_the_kind_that_the_name_says(make, file, kind):
    """Canvas shows it under the name of the student's own file: `a.py` has to open as Python."""
    made = for_canvas([letter(make.student(), f"doeann_41_9_{file}")])
    (content,) = made.members.values()
    if kind == "python":
        compile(content, "a.py", "exec")
    told = {
        "python": lambda: content == b"# Ann Doe\n# 7 points\n",
        "text": lambda: content == b"Ann Doe\n7 points\n",
        "page": lambda: content == PAGE,
        "zip": lambda: zipfile.ZipFile(io.BytesIO(content)).read("feedback.html") == PAGE,
        "notebook": lambda: json.loads(content)["cells"][0]["source"] == "Ann Doe\n7 points",
    }
    assert told[kind]()


@pytest.mark.parametrize("name", ["anon_Ab3dE_90_a.py", "LATE_anon_Ab3dE_90_a.py"])
def test_an_anonymous_name_is_that_of_the_download(make, name):
    """Canvas knows who is behind it; here only the gradebook's file says whose it is.

    The name has five characters where others have the user's number.
    """
    made = for_canvas([letter(make.student(), name)])
    assert list(made.members) == [name]
    assert for_canvas([letter(make.student())], [name]).members == {}


def test_a_group_without_its_numbers_but_one_is_told(make):
    """A download has the number of one of its members."""
    team = (make.student("a", lms_id=""), make.student("b", lms_id="42"))
    made = for_canvas([letter(each, team=team) for each in team], ["g_42_9_a.py"])
    assert made.reached == ("a", "b")


def test_a_group_is_told_what_all_may_read(make, sheets):
    """One file for all its members, under the number of the one who handed in."""
    team = tuple(
        make.student(each, group="Team 1", lms_id=n) for each, n in (("a", "41"), ("b", "42"))
    )
    name = sheets.canvas_file(team[0], 9, "a.py", group="Team 1")
    made = for_canvas([letter(each, name, team=team) for each in team])
    assert (list(made.members), made.reached) == ([name], ("a", "b"))
    assert sheets.canvas_takes(made.members, {"9": "41"}, ["team1"]) == {name: "41"}


def test_a_group_is_not_told_what_one_was_told(make):
    """With an extension for one of them their pages differ: neither is shown to both."""
    team = tuple(make.student(each, lms_id=n) for each, n in (("a", "41"), ("b", "42")))
    pages = (b"extended: ill", b"late")
    made = for_canvas(
        [
            letter(each, "g_41_9_a.py", team=team, page=page)
            for each, page in zip(team, pages, strict=True)
        ]
    )
    assert (made.members, len(made.unplaced)) == ({}, 2)
    assert "Canvas would show one page to a, b, and theirs differ" in made.unplaced[0]


def test_a_groups_name_may_be_a_number(make, sheets):
    """Canvas drops the group's name before it looks for numbers."""
    who = make.student(group="group_1")
    name = "group_1_41_9_a.py"
    made = for_canvas([letter(who, name)])
    assert sheets.canvas_takes(made.members, {"9": "41"}, ["group_1"]) == {name: "41"}


# -- Moodle --------------------------------------------------------------------------------


@pytest.mark.parametrize("old", [False, True], ids=["5.1", "4.0"])
def test_three_hundred_go_back_to_moodle(crowd, sheets, old):
    """Every page goes to its own participant, from the folders of the download."""
    letters = [
        letter(who, f"{sheets.moodle_folder(who.name, sheets.participant(who), old=old)}/ring.py")
        for who in crowd
    ]
    made = for_moodle(letters, ())
    people = {sheets.participant(who): who.id for who in crowd}
    taken = sheets.moodle_takes(made.members, people, old=old)
    assert [people[number] for number, _ in taken.values()] == list(made.reached)
    assert {file for _, file in taken.values()} == {"feedback.html"}
    assert (made.unplaced, len(made.reached)) == ((), 300)


def test_files_that_are_not_in_folders_go_back_too(make, sheets):
    """The other form of Moodle's download."""
    made = for_moodle(
        [letter(make.student(), "Ann Doe_7_assignsubmission_file_ring.py" + TIME)], ()
    )
    for old in (False, True):
        assert sheets.moodle_takes(made.members, {7}, old=old) == {
            "Ann Doe_7_assignsubmission_file_feedback.html": (7, "feedback.html")
        }


@pytest.mark.parametrize("shown", ["Ann Doe", "Group 1-Ann Doe", "Participant", "ANN  DOE"])
def test_a_name_of_the_download_may_have_a_group_in_front(make, sheets, shown):
    """Moodle up to 4.0, mod/assign/locallib.php, download_submissions; or no name at all."""
    made = for_moodle([letter(make.student(), f"{shown}_7_assignsubmission_file_/a.py")], ())
    assert set(sheets.moodle_takes(made.members, {7}, old=True).values()) == {(7, "feedback.html")}


@pytest.mark.parametrize("old", [False, True], ids=["5.1", "4.0"])
@pytest.mark.parametrize("language", ["en", "de", "zh_cn"])
def test_the_worksheet_says_whose_number_it_is(crowd, make, sheets, old, language):
    """Whatever the gradebook knows: a number of another assignment's would be another's page."""
    sheet = sheets.Worksheet(language)
    letters = [
        letter(who, f"{who.name}_{40 + i}_assignsubmission_file/a.py")
        for i, who in enumerate(crowd)
    ]
    rows = entries([make.grade(who, make.result()) for who in crowd])
    made = for_moodle(letters[:-1], rows, sheets.moodle(crowd[1:], sheet).encode())
    people = {sheets.participant(who): who.id for who in crowd}
    taken = sheets.moodle_takes(made.members, people, old=old)
    assert [people[number] for number, _ in taken.values()] == [who.id for who in crowd[1:-1]]
    assert made.unplaced == (f"{crowd[0].id}: no line of the worksheet is theirs",)


def test_a_groups_number_is_nobodys(make):
    """It may be another participant's: with the worksheet alone the group gets its pages."""
    team = tuple(make.student(each, name=f"{each} Doe") for each in ("a", "b"))
    letters = [letter(each, "Team 1_7_assignsubmission_file/x.py", team=team) for each in team]
    made = for_moodle(letters, ())
    assert (made.members, len(made.unplaced)) == ({}, 2)
    assert "a group's work" in made.unplaced[0]
    named = for_moodle([letter(team[0], "a Doe_7_assignsubmission_file/x.py", team=team)], ())
    assert named.members == {}
    alone = for_moodle([msgspec.structs.replace(letters[0], team=())], ())
    assert alone.unplaced == ("a: no file of theirs is known from a download of Moodle's",)


def test_a_name_that_two_have_is_nobodys(make):
    """A download's names say whose a number is only where one person has the name."""
    ann, bob = make.student("ann"), make.student("bob")
    names = ("Ann Doe_7", "ann  doe_8", "Bob Doe_9")
    download = [f"{each}_assignsubmission_file/{file}.py" for each in names for file in "xy"]
    made = for_moodle([letter(ann), letter(bob)], (), None, download)
    assert list(made.members) == ["Bob Doe_9_assignsubmission_file/feedback.html"]
    assert made.unplaced == ("ann: no file of theirs is known from a download of Moodle's",)


def test_equal_pages_give_equal_zips():
    """Bytes and names follow from the pages alone; a name keeps its letters."""
    members = {"李_7_assignsubmission_file_feedback.html": PAGE}
    assert zip_of(members) == zip_of(dict(members))
    assert zipfile.ZipFile(io.BytesIO(zip_of(members))).namelist() == list(members)
