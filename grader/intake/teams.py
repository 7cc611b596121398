"""Labs that are handed in by groups: one student's work is that of all in the group.

`groups` in course.toml names those labs. The roster says who is in which group; but a group may as
well be a tutorial's, which is why it alone does not make one student's work another's.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from grader.gradebook.people import People
from grader.gradebook.rows import Student
from grader.intake.finds import Find


class Teams:
    """The roster's groups, for the labs that are handed in by groups; `notes` are for staff."""

    def __init__(self, people: People, labs: Collection[str]) -> None:
        self._people, self._labs = people, labs
        self._groups = defaultdict[str, list[Student]](list)
        for each in people.present():
            if each.group:
                self._groups[each.group].append(each)
        self.notes = dict[str, None]()  # each once, in their order

    def of(self, find: Find) -> Find:
        """The find with all whose it is, where its lab is handed in by groups.

        A name that is no student's may be a group's: then its first member hands in for it.
        """
        student = self._people.find(find.student)
        group = find.group or (student.group if student else find.student)
        members = self._groups.get(group, []) if group else []
        if find.lab not in self._labs:
            if members and (student is None or find.group):
                self.notes[_not_set_up(find.lab)] = None
            return find
        if not members:
            if student is not None:
                self.notes[f"{student.id} has no group: {find.lab} is theirs alone"] = None
            return find
        by = student or members[0]
        others = tuple(each.key for each in members if each.key != by.key)
        submission = replace(find.submission, student=by.id)
        return replace(find, student=by.id, submission=submission, members=others)


def _not_set_up(lab: str) -> str:
    return (
        f"groups hand in {lab}, but course.toml does not say so, and it counts for one student "
        f'each; if it is for all in a group: groups = ["{lab}"]'
    )
