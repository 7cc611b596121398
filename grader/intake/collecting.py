"""Everything that was handed in at some paths: found, or refused with the reason in words."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from grader.course import Course
from grader.files.writing import PART
from grader.intake.archive import BundleError
from grader.intake.bundle import (
    MANIFEST,
    MAX_BUNDLE_BYTES,
    RECEIPT_SUFFIX,
    SUFFIX,
    Bundle,
    check_bundle,
    is_student_id,
    read_bundle,
    receipt_path,
)
from grader.intake.downloads import owner_of
from grader.intake.entries import Entry, Zip, folder_entries, members, path_entry
from grader.intake.found import Found, Refused, refused
from grader.intake.loose import Loose, Reading, choose, of_file, of_folder
from grader.submissions import is_folder, is_link
from grader.text.shown import escaped

MAX_BUNDLES = 500  # of one student for one lab: else one keeps all others waiting
_STRAYS_TOLD = 20
_LINK = "it is a symbolic link, which is not followed"


def collect(
    course: Course,
    paths: Iterable[Path],
    *,
    lab: str | None = None,
    now: datetime,
    last_seen: Callable[[Path], datetime | None] = lambda _: None,
    students: Mapping[str, str] | None = None,
) -> Iterator[Found | Refused]:
    """Everything at the paths, each of which exists, one student after another.

    With `lab`, only what is for that one. `last_seen` says when the place of a bundle was
    collected last: what did not lie there then can't have been handed in before, whatever it says.
    `students` has the course's id of those whom a learning-management system knows by another.
    """
    if lab is not None:
        course.lab(lab)
    labs = {each.slug: each for each in course.labs()}
    collector = _Collector(Reading(labs, lab, now), last_seen, students or {})
    for path in paths:
        yield from collector.at(path)


def is_plain(course: Course, path: Path) -> bool:
    """Whether it is a `.py` file or a folder of them: nothing that says more of itself.

    A bundle in one student's folder says nothing of the other folders.
    """
    if not is_folder(path):
        return not path.name.endswith((SUFFIX, ".zip"))
    try:
        bundles = any(each.name.endswith(SUFFIX) for each in members(path))
    except BundleError:
        return False  # collecting says why it can't be read
    of_lab = path.resolve().name in course.slugs and any(path.glob(f"*/*{SUFFIX}"))
    inbox = of_lab or any(is_folder(path / slug) for slug in course.slugs)
    return not (bundles or inbox or _is_download(path))


@dataclass(frozen=True)
class _Collector:
    reading: Reading
    last_seen: Callable[[Path], datetime | None]
    students: Mapping[str, str] = field(default_factory=dict)

    def at(self, path: Path) -> Iterator[Found | Refused]:
        """What lies at a path that a person gave; one that can't be read is refused."""
        yield from _told(path, self._at(path))

    def _at(self, path: Path) -> Iterator[Found | Refused]:
        """What lies there, by what it looks like."""
        if is_folder(path):  # an inbox may well be given by a link
            yield from self._folder(path)
        elif is_link(path):
            yield refused(path, _LINK)
        elif path.name.endswith(SUFFIX):
            yield from self._bundles([path], owner=None)
        elif path.suffix.lower() == ".zip":
            yield from self._zip(path)
        else:
            yield from self._loose([of_file(path)])

    # -- folders -------------------------------------------------------------------------

    def _folder(self, folder: Path) -> Iterator[Found | Refused]:
        place = folder.resolve()
        in_inbox = place.parent.name in self.reading.labs and is_student_id(place.name)
        bundles = any(folder.glob(f"*{SUFFIX}"))
        if any(self._is_lab_folder(folder / slug) for slug in self.reading.labs):
            yield from self._inbox(folder)
        elif place.name in self.reading.labs and any(folder.glob(f"*/*{SUFFIX}")):
            yield from self._lab_folder(folder, place.name)
        elif bundles and in_inbox:
            yield from self._student_folder(folder, (place.parent.name, place.name))
        elif _is_download(folder):
            yield from self._download(folder_entries(folder), folder)
        elif bundles:
            yield from self._student_folder(folder, None)
        else:
            yield from self._loose(of_folder(folder, self.reading))

    def _is_lab_folder(self, folder: Path) -> bool:
        """Whether it is the part of an inbox for its lab, and nobody's workspace."""
        lab = self.reading.labs[folder.name]
        own = (".shardlab", lab.assignment.file)
        return is_folder(folder) and not any(os.path.lexists(folder / name) for name in own)

    def _inbox(self, inbox: Path) -> Iterator[Found | Refused]:
        for folder in members(inbox):
            if is_link(folder) or not is_folder(folder):
                yield refused(folder, "an inbox has folders only, one a lab")
            elif folder.name not in self.reading.labs:
                yield refused(folder, "no lab of this course is called so")
            elif self.reading.wanted in (None, folder.name):
                yield from _told(folder, self._lab_folder(folder, folder.name))

    def _lab_folder(self, lab_folder: Path, slug: str) -> Iterator[Found | Refused]:
        for folder in members(lab_folder):
            if is_link(folder):
                yield refused(folder, _LINK)
            elif not is_folder(folder):
                yield refused(folder, "it lies beside the students' folders, and is nobody's")
            elif not is_student_id(folder.name):
                yield refused(folder, "its name is no student id")
            else:
                yield from _told(folder, self._student_folder(folder, (slug, folder.name)))

    def _student_folder(
        self, folder: Path, owner: tuple[str, str] | None
    ) -> Iterator[Found | Refused]:
        paths = members(folder)
        bundles = [each for each in paths if each.name.endswith(SUFFIX)]
        yield from self._bundles(bundles[:MAX_BUNDLES], owner)
        if (more := len(bundles) - MAX_BUNDLES) > 0:
            reason = f"the first of {more} bundles too many: {MAX_BUNDLES} of a student are read"
            yield refused(bundles[MAX_BUNDLES], reason)
        strays = [each for each in paths if not each.name.endswith((SUFFIX, RECEIPT_SUFFIX))]
        yield from map(_stray, strays[:_STRAYS_TOLD])
        if len(strays) > _STRAYS_TOLD:
            more = len(strays) - _STRAYS_TOLD
            yield refused(strays[_STRAYS_TOLD], f"the first of {more} more that are no bundles")

    # -- bundles -------------------------------------------------------------------------

    def _bundles(
        self, paths: Iterable[Path], owner: tuple[str, str] | None
    ) -> Iterator[Found | Refused]:
        """One student's bundles in the order in which they were handed in; then what is refused.

        `owner` is the lab and the student whose folder they lie in, if it is an inbox's. Each is
        read for its place in the order, and again when it is its turn: one is in memory.
        """
        ordered, others = list[tuple[datetime, datetime, str, Path]](), list[Refused]()
        for path in paths:
            try:
                entry = path_entry(path, path.name)
                said = self._owned_bundle(entry, owner).manifest.created_at
                ordered.append((said, entry.at, path.name, path))
            except BundleError as error:
                others.append(refused(path, str(error)))
        for *_, path in sorted(ordered):
            try:
                yield self._bundle_at(path, owner)
            except BundleError as error:
                others.append(refused(path, str(error)))
        yield from others

    def _bundle_at(self, path: Path, owner: tuple[str, str] | None) -> Found:
        bundle = self._owned_bundle(path_entry(path, path.name), owner)
        source = f"{bundle.manifest.lab}/{bundle.manifest.student}/{path.name}"
        return self._found(bundle, source, receipt_path(path), self.last_seen(path))

    def _owned_bundle(self, entry: Entry, owner: tuple[str, str] | None) -> Bundle:
        bundle = self._read(entry)
        if owner is not None:
            _check_owner(bundle, *owner)
        return bundle

    def _read(self, entry: Entry) -> Bundle:
        if entry.problem:
            raise BundleError(entry.problem)
        bundle = read_bundle(entry.read(MAX_BUNDLE_BYTES + 1))
        lab = check_bundle(bundle, self.reading.labs, now=self.reading.now)
        if self.reading.wanted not in (None, lab.slug):
            raise BundleError(f"it is for {lab.slug}, which is not collected now")
        return bundle

    def _found(
        self, bundle: Bundle, source: str, receipt_to: Path | None, earliest: datetime | None
    ) -> Found:
        manifest = bundle.manifest
        said = manifest.created_at.astimezone(UTC)
        at = min(max(said, earliest or said), self.reading.now)
        submission = bundle.submission(self.reading.labs[manifest.lab])
        return Found(manifest.lab, manifest.student, submission, at, source, manifest, receipt_to)

    # -- what a learning-management system gives -----------------------------------------

    def _zip(self, path: Path) -> Iterator[Found | Refused]:
        with Zip(path) as archive:
            entries = list(archive.entries())
            if MANIFEST in {each.name for each in entries}:  # a bundle that was renamed
                yield from self._bundles([path], owner=None)
            else:
                yield from self._download(entries, path)

    def _download(self, entries: Iterable[Entry], place: Path) -> Iterator[Found | Refused]:
        yield from self._loose(self._owned(entries, place))

    def _owned(self, entries: Iterable[Entry], place: Path) -> Iterator[Loose | Found | Refused]:
        for entry in entries:
            where, owner = f"{place}: {entry.name}", owner_of(entry.name)
            if owner is None:
                yield refused(where, "whose it is can't be told from its name")
            elif owner.file.lower().endswith(".zip"):
                yield self._uploaded(entry, owner.lms_id, where)
            else:
                student = self.students.get(owner.lms_id, owner.lms_id)
                yield Loose(student, owner.file, entry, where)

    def _uploaded(self, entry: Entry, lms_id: str, where: str) -> Found | Refused:
        """A bundle that its student uploaded: the system knows who that was."""
        try:
            bundle = self._read(entry)
        except BundleError as error:
            return refused(where, str(error))
        said, student = bundle.manifest.student, self.students.get(lms_id, lms_id)
        if said != student:
            mend = "" if lms_id in self.students else "; if that is who it is, the roster lacks it"
            return refused(where, f"it says that it is {said}'s, but number {lms_id} sent it{mend}")
        source = escaped(PurePosixPath(entry.name).name)[:200]
        return self._found(bundle, source, None, None)

    def _loose(self, each: Iterable[Loose | Found | Refused]) -> Iterator[Found | Refused]:
        files = list[Loose]()
        for one in each:
            if isinstance(one, Loose):
                files.append(one)
            else:
                yield one
        yield from choose(files, self.reading)


def _stray(path: Path) -> Refused:
    if path.name.endswith(PART):
        return refused(path, "a delivery that was broken off, or is still under way")
    return refused(path, "it is no bundle; 'shardlab submit' makes one")


def _check_owner(bundle: Bundle, slug: str, student: str) -> None:
    manifest = bundle.manifest
    if manifest.student != student:
        raise BundleError(f"it says that it is {manifest.student}'s, but it is {student}'s place")
    if manifest.lab != slug:
        raise BundleError(f"it is for {manifest.lab}, but lies under {slug}")


def _is_download(folder: Path) -> bool:
    """Whether what lies directly in it is mostly named the way Canvas or Moodle name things.

    One name alone may be a student's doing.
    """
    named = [bool(owner_of(f"{each.name}/") or owner_of(each.name)) for each in members(folder)]
    return sum(named) > len(named) / 2


def _told(place: Path, each: Iterator[Found | Refused]) -> Iterator[Found | Refused]:
    """The same, where a folder that can't be looked into is refused by its name."""
    try:
        yield from each
    except BundleError as error:
        yield refused(place, str(error))
