"""Whose a file of Moodle's download is: its number belongs to one assignment, and is nobody's id.

The worksheet says whose a number is, by email or ID number. Without one it is the full name in the
file's name that tells, if exactly one student of the roster has it and exactly one person of the
download. A group's work is that of the roster's group of this name, handed in by the first of its
members; Moodle of before 4.1 writes one copy for each member, `GROUP-FULL NAME_5903_…`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.gradebook.rows import Student
from grader.intake.downloads import MOODLE, Reading
from grader.intake.lms_names import moodle_key
from grader.intake.records import Record, Records
from grader.intake.whose import Lookup, Owner, either, said_by
from grader.text.ids import as_student_id
from grader.text.shown import escaped

WORKSHEET = "give Moodle's grading worksheet: --worksheet FILE"
_NAMES_ALONE = "a worksheet with e-mail addresses or ID numbers tells; this one has names alone"


def moodle_owners(
    readings: Sequence[Reading], lookup: Lookup, worksheet: Records | None
) -> list[Owner | str]:
    """The owner of each file of one download, or why that can't be told."""
    people = {(moodle_key(each.name), each.number) for each in readings}
    alike = Counter(name for name, _ in people)
    several = frozenset(name for name, count in alike.items() if count > 1)
    download = _Download(lookup, worksheet, several)
    owners = [download.owner(each) for each in readings]
    known = worksheet is None or any(each.number in worksheet.by_number for each in readings)
    if known or not all(isinstance(each, str) for each in owners):
        return owners
    return ["the worksheet has none of the numbers of this download: is it another assignment's?"
            for _ in owners]  # fmt: skip


@dataclass(frozen=True)
class _Download:
    """One download; `several` are the names under which several people hand in."""

    lookup: Lookup
    worksheet: Records | None
    several: frozenset[str]

    def owner(self, reading: Reading) -> Owner | str:
        team = self.lookup.team(reading.name)
        record = self.worksheet.by_number.get(reading.number) if self.worksheet else None
        if record is not None and self._is_named(reading, record):
            return self._of_record(reading, record, team)
        if team and (self.worksheet or not self.lookup.named(reading.name)):
            return _of_team(reading, team, self._group_record(team[0].group))
        if self.worksheet is None:
            return self._by_name(reading, team)
        if not reading.number:
            return _no_group(reading)
        who = f"number {reading.number} ('{escaped(reading.name)}')"
        if record is not None:
            who = f"{who}: there it is '{escaped(record.name)}'"
        return f"the worksheet has no {who}; is it that of this assignment?"

    def _is_named(self, reading: Reading, record: Record) -> bool:
        """Whether the name of the file is the record's, perhaps behind a group's, or is hidden."""
        here, there = moodle_key(reading.name), moodle_key(record.name)
        hidden = here in self.several or here == moodle_key(record.label)
        return not there or hidden or here == there or here.endswith(f"-{there}")

    def _of_record(self, reading: Reading, record: Record, team: Sequence[Student]) -> Owner | str:
        who = f"number {reading.number} ('{escaped(reading.name)}')"
        found, named = self.lookup.of_record(record), ""
        if not (found or record.email or record.ids):
            found, named = self.lookup.named(record.name), record.name
        if len(found) > 1:
            mend = _NAMES_ALONE if named else "mend the roster"
            return f"{who} may be {either(found)}: {mend}"
        if team and found and found[0] not in team:
            return f"{who} is {found[0].id}, who is not in {team[0].group} on the roster"
        if team:
            return _of_team(reading, team, record)
        stranger = next(filter(None, map(as_student_id, record.ids)), record.name)
        if not found and not stranger:
            return f"the worksheet hides who {who} is: reveal identities in Moodle, then again"
        said = said_by(MOODLE, record, reading)
        if not found:
            return Owner(stranger, reading.file, said)
        return Owner(found[0].id, reading.file, said, named)

    def _group_record(self, group: str) -> Record | None:
        """The record of one of the group, whose work has the same time for all."""
        records = self.worksheet.by_number.values() if self.worksheet else ()
        own = (each for each in records if moodle_key(each.group) == moodle_key(group))
        return next((each for each in own if each.at is not None), None)

    def _by_name(self, reading: Reading, team: Sequence[Student]) -> Owner | str:
        shown = escaped(reading.name)
        if team:
            return f"'{shown}' is a student and a group; {WORKSHEET}"
        if moodle_key(reading.name) in self.several:
            return f"several people hand in as '{shown}'; {WORKSHEET}"
        found = self.lookup.named(reading.name)
        if len(found) > 1:
            return f"'{shown}' may be {either(found)}; {WORKSHEET}"
        if found:
            return Owner(found[0].id, reading.file, said_by(MOODLE, None, reading), reading.name)
        if not reading.number:
            return _no_group(reading)
        said = said_by(MOODLE, None, reading)
        return Owner(" ".join(reading.name.split()), reading.file, said)


def _no_group(reading: Reading) -> str:
    return (
        f"the roster has no group '{escaped(reading.name)}', whose it is; if it is Moodle's for "
        "those in no group, who hand in together: collect it as STUDENT.py"
    )


def _of_team(reading: Reading, team: Sequence[Student], record: Record | None) -> Owner:
    said = said_by(MOODLE, record, reading, group=team[0].group)
    return Owner(team[0].id, reading.file, said)
