"""Finds everything that was handed in at some paths, or refuses it with the reason in words.

An inbox's bundle that was taken in before and has not changed is not read: it is yielded as the
`Intake` that it was.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from grader.course import Lab
from grader.files.writing import PART
from grader.intake.archive import BundleError
from grader.intake.bulk import Bulk, folded
from grader.intake.bundle import (
    MANIFEST,
    MAX_BUNDLE_BYTES,
    RECEIPT_SUFFIX,
    SUFFIX,
    Bundle,
    check_bundle,
    read_bundle,
    receipt_path,
)
from grader.intake.downloads import is_download
from grader.intake.finds import Find, Intake, IntakeRefusal, refusal
from grader.intake.loose import LooseFile, Scope, choose, of_file, of_folder
from grader.intake.members import Member, Zip, folder_members, listed, path_member
from grader.intake.registry import Registry
from grader.intake.unchanged import KnownBundles, source_of
from grader.intake.wrapped import NotebookReader
from grader.submissions import is_folder, is_link
from grader.text.ids import as_student_id

MAX_BUNDLES = 500  # of one student for one lab: else one keeps all others waiting
_STRAYS_TOLD = 20
_Each = Find | Intake | IntakeRefusal
_LINK = "it is a symbolic link, which is not followed"
STUDENT = "student"  # whose word a bundle's own time is


def find(
    labs: Iterable[Lab],
    paths: Iterable[Path],
    *,
    lab: str | None = None,
    now: datetime,
    last_seen: Callable[[Path], datetime | None] = lambda _: None,
    registry: Registry | None = None,
    unchanged: KnownBundles | None = None,
    received: datetime | None = None,
    notebook: NotebookReader | None = None,
) -> Iterator[_Each]:
    """Yields everything at the paths, which must exist, one student after another.

    With `lab`, only that lab's submissions. `last_seen` says when the place of a bundle was
    collected last: a bundle that did not lie there then was handed in later, whatever it says.
    `registry` tells whose the files of a download are. `unchanged` knows bundles that need not be
    read. `received` is when staff say that what has no better word was handed in, and `notebook`
    makes a lab's file of a notebook.
    """
    scope = Scope({each.slug: each for each in labs}, lab, now, received, notebook)
    finder = _Finder(scope, last_seen, registry or Registry(), unchanged)
    for path in paths:
        yield from finder.at(path)


@dataclass(frozen=True)
class _Finder:
    scope: Scope
    last_seen: Callable[[Path], datetime | None]
    registry: Registry
    unchanged: KnownBundles | None

    def at(self, path: Path) -> Iterator[_Each]:
        """Yields what lies at a path that a person gave; refuses a path that can't be read."""
        yield from _told(path, self._at(path))

    def _at(self, path: Path) -> Iterator[_Each]:
        if is_folder(path):  # an inbox may well be given by a link
            yield from self._folder(path)
        elif is_link(path):
            yield refusal(path, _LINK)
        elif path.name.endswith(SUFFIX):
            yield from self._bundles([path], owner=None)
        elif path.suffix.lower() == ".zip":
            yield from self._zip(path)
        else:
            yield from self._loose([of_file(path)])

    # -- folders -------------------------------------------------------------------------

    def _folder(self, folder: Path) -> Iterator[_Each]:
        place = folder.resolve()
        owner = as_student_id(place.name) if place.parent.name in self.scope.labs else None
        bundles = any(folder.glob(f"*{SUFFIX}"))
        if any(self._is_lab_folder(folder / slug) for slug in self.scope.labs):
            yield from self._inbox(folder)
        elif place.name in self.scope.labs and any(folder.glob(f"*/*{SUFFIX}")):
            if self.scope.wanted in (None, place.name):
                yield from self._lab_folder(folder, place.name)
            else:
                mend = f"it is {place.name}'s folder; say --lab {place.name}, or no lab at all"
                yield refusal(folder, mend)
        elif bundles and owner:
            yield from self._student_folder(folder, (place.parent.name, owner))
        elif is_download(folder):
            yield from self._download(folder_members(folder), folder)
        elif bundles:
            yield from self._student_folder(folder, None)
        else:
            yield from self._loose(of_folder(folder, self.scope))

    def _is_lab_folder(self, folder: Path) -> bool:
        """Whether the folder is its lab's part of an inbox, and not a student's workspace."""
        lab = self.scope.labs[folder.name]
        own = (".shardlab", lab.assignment.file)
        return is_folder(folder) and not any(os.path.lexists(folder / name) for name in own)

    def _inbox(self, inbox: Path) -> Iterator[_Each]:
        for name, entry in listed(inbox).items():
            folder = inbox / name
            if not _is_folder(entry):
                yield refusal(folder, "an inbox has folders only, one a lab")
            elif name not in self.scope.labs:
                yield refusal(folder, "no lab of this course is called so")
            elif self.scope.wanted in (None, name):
                yield from _told(folder, self._lab_folder(folder, name))

    def _lab_folder(self, lab_folder: Path, slug: str) -> Iterator[_Each]:
        for name, entry in listed(lab_folder).items():
            folder = lab_folder / name
            if entry.is_symlink():
                yield refusal(folder, _LINK)
            elif not _is_folder(entry):
                yield refusal(folder, "it lies beside the students' folders, and is nobody's")
            elif (student := as_student_id(name)) is None:
                yield refusal(folder, "its name is no student id")
            else:
                yield from _told(folder, self._student_folder(folder, (slug, student)))

    def _student_folder(self, folder: Path, owner: tuple[str, str] | None) -> Iterator[_Each]:
        entries = listed(folder)
        names = [name for name in entries if name.endswith(SUFFIX)]
        known = dict[str, Intake]()
        if self.unchanged and owner and self.scope.wanted in (None, owner[0]):
            known = self.unchanged.among(entries, names[:MAX_BUNDLES], owner)
        yield from sorted(known.values(), key=lambda each: each.attempt)
        unread = [name for name in names[:MAX_BUNDLES] if name not in known]
        yield from self._bundles([folder / name for name in unread], owner)
        if (more := len(names) - MAX_BUNDLES) > 0:
            reason = f"the first of {more} bundles too many: {MAX_BUNDLES} of a student are read"
            yield refusal(folder / names[MAX_BUNDLES], reason)
        own = (SUFFIX, RECEIPT_SUFFIX)
        strays = [folder / name for name in entries if not name.endswith(own)]
        yield from map(_stray, strays[:_STRAYS_TOLD])
        if len(strays) > _STRAYS_TOLD:
            more = len(strays) - _STRAYS_TOLD
            yield refusal(strays[_STRAYS_TOLD], f"the first of {more} more that are no bundles")

    # -- bundles -------------------------------------------------------------------------

    def _bundles(
        self, paths: Iterable[Path], owner: tuple[str, str] | None
    ) -> Iterator[Find | IntakeRefusal]:
        """Yields one student's bundles in the order they were handed in, then the refusals.

        In an inbox, `owner` is the lab and the student whose folder they lie in. Each bundle is
        read twice, for its place in the order and at its turn, so that one at a time is in memory.
        """
        ordered, others = list[tuple[datetime, datetime, str, Path]](), list[IntakeRefusal]()
        for path in paths:
            try:
                member = path_member(path, path.name)
                said = self._read(member, owner).manifest.created_at
                ordered.append((said, member.at, path.name, path))
            except BundleError as error:
                others.append(refusal(path, str(error)))
        for *_, path in sorted(ordered):
            try:
                yield self._bundle_at(path, owner)
            except BundleError as error:
                others.append(refusal(path, str(error)))
        yield from others

    def _bundle_at(self, path: Path, owner: tuple[str, str] | None) -> Find:
        member = path_member(path, path.name)
        bundle = self._read(member, owner)
        source = source_of(bundle.manifest.lab, bundle.manifest.student, path.name)
        found = self._found(bundle, source, receipt_path(path), self.last_seen(path))
        return replace(found, status=member.status) if owner is not None else found

    def _read(self, member: Member, owner: tuple[str, str] | None = None) -> Bundle:
        if member.problem:
            raise BundleError(member.problem)
        bundle = read_bundle(member.read(MAX_BUNDLE_BYTES + 1))
        lab = check_bundle(bundle, self.scope.labs, now=self.scope.now)
        if self.scope.wanted not in (None, lab.slug):
            raise BundleError(f"it is for {lab.slug}, which is not collected now")
        if owner is not None:
            _check_owner(bundle, *owner)
        return bundle

    def _found(
        self, bundle: Bundle, source: str, receipt_to: Path | None, earliest: datetime | None
    ) -> Find:
        manifest = bundle.manifest
        said = manifest.created_at.astimezone(UTC)
        at = min(max(said, earliest or said), self.scope.now)
        submission = bundle.submission(self.scope.labs[manifest.lab])
        return Find(
            manifest.lab,
            manifest.student,
            submission,
            at,
            source,
            manifest,
            receipt_to,
            time_from=STUDENT,
        )

    # -- what a learning-management system gives -----------------------------------------

    def _zip(self, path: Path) -> Iterator[Find | IntakeRefusal]:
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        with Zip(path, at) as archive:
            entries = list(archive.entries())
            if MANIFEST in {each.name for each in entries}:  # a bundle that was renamed
                yield from self._bundles([path], owner=None)
            else:
                yield from self._download(entries, path)

    def _download(self, entries: Iterable[Member], place: Path) -> Iterator[Find | IntakeRefusal]:
        bulk = Bulk(self.scope, self.registry, self._read, self._uploaded)
        yield from folded(place, self._loose(bulk.files(list(entries), place)))

    def _uploaded(self, bundle: Bundle, source: str) -> Find:
        return self._found(bundle, source, None, None)

    def _loose(
        self, each: Iterable[LooseFile | Find | IntakeRefusal]
    ) -> Iterator[Find | IntakeRefusal]:
        files = list[LooseFile]()
        for one in each:
            if isinstance(one, LooseFile):
                files.append(one)
            else:
                yield one
        yield from choose(files, self.scope)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, and not a link to one."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _stray(path: Path) -> IntakeRefusal:
    if path.name.endswith(PART):
        return refusal(path, "a delivery that was broken off, or is still under way")
    return refusal(path, "it is no bundle; 'shardlab submit' makes one")


def _check_owner(bundle: Bundle, slug: str, student: str) -> None:
    manifest = bundle.manifest
    if manifest.student != student:
        raise BundleError(f"it says that it is {manifest.student}'s, but it is {student}'s place")
    if manifest.lab != slug:
        raise BundleError(f"it is for {manifest.lab}, but lies under {slug}")


def _told(place: Path, each: Iterator[_Each]) -> Iterator[_Each]:
    """Yields the same; refuses, by its name, a folder that can't be looked into."""
    try:
        yield from each
    except BundleError as error:
        yield refusal(place, str(error))
