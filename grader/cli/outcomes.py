"""What a command says of what was handed in: taken in, refused, or kept aside."""

import shlex
from collections import Counter
from dataclasses import dataclass, field
from datetime import tzinfo

from grader.cli import shell
from grader.intake.admission import KeptAside
from grader.intake.finds import Intake, IntakeNote, IntakeRefusal
from grader.intake.taking import Outcome
from grader.text.shown import one_line, plural, shortened
from grader.text.times import stamp_shown

_INDENT = " " * 9
_SHOWN = 3


@dataclass
class Outcomes:
    """All that came of one collect, told as it comes but for who is kept aside."""

    taken_in: list[Intake] = field(default_factory=list)
    refused: list[IntakeRefusal] = field(default_factory=list)
    aside: list[KeptAside] = field(default_factory=list)

    def add(self, each: Outcome) -> None:
        """Remembers one, and says what is to be said of it at once."""
        if isinstance(each, Intake):
            self.taken_in.append(each)
            if each.problem:
                shell.say(f"Note: receipt {each.problem}")
        elif isinstance(each, KeptAside):
            self.aside.append(each)
        elif isinstance(each, IntakeNote):
            shell.say(*shell.folded(f"Note: {each.text}", "", "      "))
        else:
            again = bool(self.refused) and self.refused[-1].reason == each.reason
            self.refused.append(each)
            why = "for the same reason" if again else each.reason
            told = shell.folded(why, _INDENT, _INDENT, whole=True)
            shell.say(f"{shell.word('REFUSED', 'yellow')}  {each.where}", *told)

    @property
    def new(self) -> list[Intake]:
        """What counts now and did not before."""
        return [each for each in self.taken_in if each.new]

    def say_counts(self) -> None:
        """How many there are of each lab, and how many of them new."""
        every = Counter(each.lab for each in self.taken_in)
        new = Counter(each.lab for each in self.new)
        for slug in sorted(every):
            shell.say(f"Collected {slug}: {new[slug]} new, {every[slug] - new[slug]} known.")
        if not every:
            shell.say("Collected nothing.")
        if self.refused:
            shell.say(f"{len(self.refused)} refused, listed above; nothing was changed there.")

    def say_aside(self, zone: tzinfo) -> None:
        """Each stranger with what they handed in, and who may be meant; and what mends it."""
        by_student = dict[str, list[KeptAside]]()
        for each in self.aside:
            by_student.setdefault(each.student, []).append(each)
        for some in by_student.values():
            shell.say(*_stranger(some, zone))
        unknown = [name for name, some in by_student.items() if not some[0].mend]
        if unknown:
            shell.say(*_mends(len(unknown)))


def _stranger(some: list[KeptAside], zone: tzinfo) -> list[str]:
    first, name = some[0], one_line(some[0].student)
    what = Counter(each.lab for each in some)
    labs = ", ".join(lab if count == 1 else f"{lab} ({count} files)" for lab, count in what.items())
    called = shortened(one_line(first.called), 40)
    who = f"{shortened(name, 40)} ({called})" if called not in ("", name) else shortened(name, 40)
    lines = [f"{shell.word('ASIDE', 'yellow')}    {who}  {labs}"]
    where = [stamp_shown(one_line(each.where), zone) for each in some[:_SHOWN]]
    more = f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else ""
    lines += shell.folded(f"{', '.join(where)}{more}", _INDENT, _INDENT, whole=True)
    if first.mend:
        return lines + shell.folded(first.mend, _INDENT, _INDENT, whole=True)
    if first.near:
        meant = " or ".join(
            f"{one_line(each.id)} ({one_line(each.name)})" if each.name else one_line(each.id)
            for each in first.near
        )
        pair = f"{shlex.quote(name)} {shlex.quote(one_line(first.near[0].id))}"
        mend = f"did you mean {meant}? shardlab roster merge {pair}"
        lines += shell.folded(mend, _INDENT, _INDENT, whole=True)
    return lines


def _mends(count: int) -> list[str]:
    told = (
        f"Not on the roster: {plural(count, 'student')}. What they handed in is kept aside: it is "
        "left where it is, and the next collect takes it in, as of now, once the roster knows them."
    )
    return [
        *shell.folded(told),
        "  shardlab roster add ID               someone who is missing on the roster",
        "  shardlab roster merge ID OTHER       someone who is there under another id",
        "  shardlab collect --strangers take    all of them, as they are",
    ]
