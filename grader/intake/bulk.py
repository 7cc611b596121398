"""The files of one bulk download, each with its owner."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.intake.archive import BundleError
from grader.intake.bundle import MANIFEST, MAX_BUNDLE_BYTES, SUFFIX, Bundle
from grader.intake.downloads import Upload, upload_of
from grader.intake.finds import Find, IntakeRefusal, refusal
from grader.intake.loose import LooseFile, Scope, with_times
from grader.intake.members import Member
from grader.intake.registry import Registry
from grader.intake.whose import Owner
from grader.text.shown import escaped

_NOBODY_S = "whose it is can't be told from its name"
_ALIKE_TOLD = 20  # refusals for the same reason, after which they are told as one


@dataclass(frozen=True)
class Bulk:
    """Reads downloads: `read` makes a bundle of a member, `found` the find of a bundle."""

    scope: Scope
    registry: Registry
    read: Callable[[Member], Bundle]
    found: Callable[[Bundle, str], Find]

    def files(
        self, members: Sequence[Member], place: Path
    ) -> Iterator[LooseFile | Find | IntakeRefusal]:
        """Yields each file of the download with its owner, or the reason why it has none."""
        uploads = [upload_of(each.name) for each in members]
        named = [each for each in uploads if each is not None]
        owners = iter(self.registry.owners(str(place), named))
        for member, upload in zip(members, uploads, strict=True):
            where = f"{place}: {member.name}"
            owner = _NOBODY_S if upload is None else next(owners)
            if upload is None or isinstance(owner, str):
                yield refusal(where, str(owner))
            else:
                yield self._owned(member, upload, owner, where)

    def _owned(
        self, member: Member, upload: Upload, owner: Owner, where: str
    ) -> LooseFile | Find | IntakeRefusal:
        if owner.file.lower().endswith(".zip") and (bundle := self._bundle(member)) is not None:
            return self._of_bundle(bundle, owner, upload, where)
        said = owner.said
        return LooseFile(owner.student, owner.file, member, where, said=said, part=upload.part)

    def _bundle(self, member: Member) -> Bundle | BundleError | None:
        """The bundle that a student uploaded, or what is wrong with it; None for another zip."""
        try:
            return self.read(member)
        except BundleError as error:
            meant = SUFFIX in member.name or MANIFEST.encode() in _read(member)
            return error if meant else None

    def _of_bundle(
        self, bundle: Bundle | BundleError, owner: Owner, upload: Upload, where: str
    ) -> Find | IntakeRefusal:
        """The submission in an uploaded bundle; the system knows whose it is and when it came.

        The bundle's own time is that of packing, which may be long before.
        """
        if isinstance(bundle, BundleError):
            return refusal(where, str(bundle))
        said = bundle.manifest.student
        if said != owner.student and not self.registry.lookup.means(said, owner.student):
            known = self.registry.lookup.knows(owner.student)
            mend = "" if known else "; if that is who it is, the roster lacks it"
            return refusal(where, f"it says that it is {said}'s, but {owner.student} sent it{mend}")
        found = self.found(bundle, escaped(upload.part)[:200])
        return with_times(found, owner.said, self.scope)


def folded(place: Path, each: Iterable[Find | IntakeRefusal]) -> Iterator[Find | IntakeRefusal]:
    """Yields the same; many refusals for one reason, as where all names are hidden, as one."""
    alike = dict[str, list[IntakeRefusal]]()
    for one in each:
        if isinstance(one, IntakeRefusal):
            alike.setdefault(one.reason, []).append(one)
        else:
            yield one
    for reason, some in alike.items():
        if len(some) <= _ALIKE_TOLD:
            yield from some
        else:
            first = some[0].where.removeprefix(f"{place}: ")
            yield refusal(place, f"{len(some)} files, such as {first}: {reason}")


def _read(member: Member) -> bytes:
    try:
        return member.read(MAX_BUNDLE_BYTES + 1)
    except BundleError:
        return b""
