"""What tells whose the files of a download are: the roster, and the systems' own records."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from grader.gradebook.rows import Student
from grader.intake.canvas import canvas_owner
from grader.intake.downloads import CANVAS, MOODLE, Upload
from grader.intake.moodle import WORKSHEET, moodle_owners
from grader.intake.records import Records
from grader.intake.whose import Lookup, Owner
from grader.text.shown import escaped

# Whether to take these files, each of a full name, as the work of these students.
ByName = Callable[[str, Sequence[tuple[str, str]]], bool]


class Registry:
    """The roster, what the systems say, and whether full names are enough.

    `by_name` is asked once for each place, with the pairs of a name and the id of the student who
    is called so; without it, they are enough.
    """

    def __init__(
        self,
        students: Iterable[Student] = (),
        worksheet: Records | None = None,
        submissions: Records | None = None,
        by_name: ByName | None = None,
    ) -> None:
        self.lookup = Lookup(students)
        self.worksheet, self.submissions = worksheet, submissions
        self.by_name = by_name
        self._systems = set[str]()  # whose downloads were seen

    def unused(self) -> Iterator[str]:
        """Yields a remark on each record that told nothing: no download of its system was there."""
        for system, records in ((MOODLE, self.worksheet), (CANVAS, self.submissions)):
            if records is not None and system not in self._systems:
                name = escaped(records.path.name)
                yield f"{name} was not used: no download of {system}'s is among what was collected"

    def owners(self, place: str, uploads: Sequence[Upload]) -> list[Owner | str]:
        """Whose each file of a place is, or why that can't be told."""
        self._systems |= {each.system for each in uploads}
        own = [each for each in uploads if each.system == MOODLE and not each.problem]
        moodle = moodle_owners([each.readings[0] for each in own], self.lookup, self.worksheet)
        of_moodle = iter(moodle)
        owners = [self._owner(each) or next(of_moodle) for each in uploads]
        pairs = {(one.named, one.student) for one in owners if isinstance(one, Owner) and one.named}
        if not pairs or self.by_name is None or self.by_name(place, sorted(pairs)):
            return owners
        return [
            f"'{one.named}' may be {one.student}, by the name alone; {WORKSHEET}"
            if isinstance(one, Owner) and one.named
            else one
            for one in owners
        ]

    def _owner(self, upload: Upload) -> Owner | str | None:
        """Whose it is, unless it is Moodle's, where all of a place are settled together."""
        if upload.problem:
            return upload.problem
        if upload.system == CANVAS:
            return canvas_owner(upload, self.lookup, self.submissions)
        return None
