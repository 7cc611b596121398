"""Everything that was handed in at some paths: found, or refused with the reason in words.

Bundles of an inbox that were taken in before and are as they were come out as that, unread.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from grader.course import Lab
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
from grader.intake.downloads import is_download, owner_of
from grader.intake.entries import Entry, Zip, folder_entries, listed, path_entry
from grader.intake.found import Found, Refused, TakenIn, refused
from grader.intake.loose import Loose, Reading, choose, of_file, of_folder
from grader.intake.unchanged import Unchanged, source_of
from grader.submissions import is_folder, is_link
from grader.text.shown import escaped

MAX_BUNDLES = 500  # of one student for one lab: else one keeps all others waiting
_STRAYS_TOLD = 20
_Each = Found | TakenIn | Refused
_LINK = "it is a symbolic link, which is not followed"


def find(
    labs: Iterable[Lab],
    paths: Iterable[Path],
    *,
    lab: str | None = None,
    now: datetime,
    last_seen: Callable[[Path], datetime | None] = lambda _: None,
    students: Mapping[str, str] | None = None,
    unchanged: Unchanged | None = None,
) -> Iterator[_Each]:
    """Everything at the paths, each of which exists, one student after another.

    With `lab`, only what is for that one. `last_seen` says when the place of a bundle was
    collected last: what did not lie there then can't have been handed in before, whatever it says.
    `students` has the course's id of those whom a learning-management system knows by another.
    `unchanged` knows bundles that need not be read.
    """
    by_slug = {each.slug: each for each in labs}
    finder = _Finder(Reading(by_slug, lab, now), last_seen, students or {}, unchanged)
    for path in paths:
        yield from finder.at(path)


@dataclass(frozen=True)
class _Finder:
    reading: Reading
    last_seen: Callable[[Path], datetime | None]
    students: Mapping[str, str]
    unchanged: Unchanged | None

    def at(self, path: Path) -> Iterator[_Each]:
        """What lies at a path that a person gave; one that can't be read is refused."""
        yield from _told(path, self._at(path))

    def _at(self, path: Path) -> Iterator[_Each]:
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

    def _folder(self, folder: Path) -> Iterator[_Each]:
        place = folder.resolve()
        in_inbox = place.parent.name in self.reading.labs and is_student_id(place.name)
        bundles = any(folder.glob(f"*{SUFFIX}"))
        if any(self._is_lab_folder(folder / slug) for slug in self.reading.labs):
            yield from self._inbox(folder)
        elif place.name in self.reading.labs and any(folder.glob(f"*/*{SUFFIX}")):
            yield from self._lab_folder(folder, place.name)
        elif bundles and in_inbox:
            yield from self._student_folder(folder, (place.parent.name, place.name))
        elif is_download(folder):
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

    def _inbox(self, inbox: Path) -> Iterator[_Each]:
        for name, entry in listed(inbox).items():
            folder = inbox / name
            if not _is_folder(entry):
                yield refused(folder, "an inbox has folders only, one a lab")
            elif name not in self.reading.labs:
                yield refused(folder, "no lab of this course is called so")
            elif self.reading.wanted in (None, name):
                yield from _told(folder, self._lab_folder(folder, name))

    def _lab_folder(self, lab_folder: Path, slug: str) -> Iterator[_Each]:
        for name, entry in listed(lab_folder).items():
            folder = lab_folder / name
            if entry.is_symlink():
                yield refused(folder, _LINK)
            elif not _is_folder(entry):
                yield refused(folder, "it lies beside the students' folders, and is nobody's")
            elif not is_student_id(name):
                yield refused(folder, "its name is no student id")
            else:
                yield from _told(folder, self._student_folder(folder, (slug, name)))

    def _student_folder(self, folder: Path, owner: tuple[str, str] | None) -> Iterator[_Each]:
        entries = listed(folder)
        names = [name for name in entries if name.endswith(SUFFIX)]
        known = dict[str, TakenIn]()
        if self.unchanged and owner and self.reading.wanted in (None, owner[0]):
            known = self.unchanged.among(entries, names[:MAX_BUNDLES], owner)
        yield from sorted(known.values(), key=lambda each: each.attempt)
        unread = [name for name in names[:MAX_BUNDLES] if name not in known]
        yield from self._bundles([folder / name for name in unread], owner)
        if (more := len(names) - MAX_BUNDLES) > 0:
            reason = f"the first of {more} bundles too many: {MAX_BUNDLES} of a student are read"
            yield refused(folder / names[MAX_BUNDLES], reason)
        own = (SUFFIX, RECEIPT_SUFFIX)
        strays = [folder / name for name in entries if not name.endswith(own)]
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
        entry = path_entry(path, path.name)
        bundle = self._owned_bundle(entry, owner)
        source = source_of(bundle.manifest.lab, bundle.manifest.student, path.name)
        found = self._found(bundle, source, receipt_path(path), self.last_seen(path))
        return replace(found, status=entry.status) if owner is not None else found

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


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is known to be a folder, and no link to one."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


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


def _told(place: Path, each: Iterator[_Each]) -> Iterator[_Each]:
    """The same, where a folder that can't be looked into is refused by its name."""
    try:
        yield from each
    except BundleError as error:
        yield refused(place, str(error))
