"""What judges has a name of its own, and no verdict changes without it.

`engine_verdicts.txt` holds the engine's name, and what it made of comparisons, messages, sums,
inputs and whole files when it got that name. While the name stays, so must all of them: results in
every gradebook rest on it. A digest of the engine's source would notice more, and cry at every
changed comment and message, until people renew it unread; verdicts change when they change.

After a change that is meant, raise `grader.judge.ENGINE`, write the file anew, and read the
difference. A question may be added at any time: write it into the file, and let its answer be
written. Where CI is set nothing is written.

    SHARDLAB_GOLDEN=write pytest tests/test_engine.py
"""

import hashlib
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from grader import suite
from grader.cli import main
from grader.fabric import collectives
from grader.grading import Settings
from grader.grading.pending import Backlog
from grader.judge import ENGINE, grade
from grader.judge.examining import examine
from grader.submissions import from_source
from grader.suite.explain.naming import names
from grader.suite.finding import CaseFailure

GOLDEN = Path(__file__).with_name("engine_verdicts.txt")
WRITE = "SHARDLAB_GOLDEN"
ANSWER = "  =>  "
ADVICE = (
    "Verdicts changed, and grader.judge.ENGINE did not. Raise it, so that results from before are "
    f"known for what they are, and write the file anew: {WRITE}=write pytest tests/test_engine.py"
)
KNOWN = {**vars(suite), "np": np, "Fraction": Fraction, "names": names, "sums": collectives}
RIGHT = {
    "add(x, y)": "if len(x) != len(y): raise ValueError(f'{x.shape} {y.shape}')\n    return x + y",
    "total(x, group)": "return group.all_reduce(x)",
}


class Engine:
    """Answers the questions of the file, each by its first word."""

    def __init__(self, judge):
        self._judge = judge

    def answer(self, question):
        word, _, text = question.partition(": ")
        return getattr(self, word)(text)

    def engine(self, _):
        return ENGINE

    def case(self, text):
        """How a case ends that makes this comparison."""
        try:
            eval(text, dict(KNOWN))
        except CaseFailure as failure:
            return failure.verdict
        return "passed"

    def message(self, text):
        """Whether the message names the value."""
        return str(eval(text, dict(KNOWN)))

    def bits(self, text):
        """A digest of the array, its dtype and shape."""
        array = eval(text, dict(KNOWN))
        whole = f"{array.dtype} {array.shape} ".encode() + array.tobytes()
        return hashlib.sha256(whole).hexdigest()[:16]

    def drawn(self, case):
        """The inputs of a case that are drawn for ann, whom a wrong file shows them."""
        lab = self._judge.lab
        wrong = from_source(lab, "ann", self._file("add", "return x").encode())
        (lost,) = examine(self._judge, wrong, lab.seed("ann"), lambda _: frozenset({case})).lost
        return "; ".join(each.whole for each in lost.inputs)

    def add(self, body):
        """The verdicts of a file whose `add` is this."""
        return self._graded(self._file("add", body))

    def total(self, body):
        """The verdicts of a file whose `total` is this."""
        return self._graded(self._file("total", body))

    def file(self, line):
        """The verdicts of a right file that ends with this line."""
        return self._graded(f"{self._file('', '')}\n{line}\n")

    def _graded(self, source):
        result = grade(self._judge, from_source(self._judge.lab, "ann", source.encode()))
        verdicts = ", ".join(f"{each.item} {each.verdict}" for each in result.rubric)
        return f"{result.score}: {verdicts}"

    @staticmethod
    def _file(function, body):
        return "\n\n".join(
            f"def {head}:\n    {body if head.startswith(f'{function}(') else right}\n"
            for head, right in RIGHT.items()
        )


def test_no_verdict_changes_under_the_same_name(judge):
    """All that the file asks is answered as when the engine got its name."""
    engine, kept = Engine(judge), GOLDEN.read_text("utf-8").splitlines()
    questions = [line.partition(ANSWER)[0] for line in kept]
    now = [f"{each}{ANSWER}{engine.answer(each)}" for each in questions]
    if os.environ.get(WRITE) == "write" and not os.environ.get("CI"):
        GOLDEN.write_text("\n".join(now) + "\n", "utf-8")
        kept = now
    assert kept[0] == now[0], "another engine: write the file anew, and read what it changes"
    changed = [f"{was}\n  now  {each}" for was, each in zip(kept, now, strict=True) if was != each]
    assert not changed, "\n".join([ADVICE, *changed])
    assert len(set(questions)) > 120


def test_a_result_belongs_to_the_engine_and_to_no_release(tiny_course, level, monkeypatch):
    """Another version of the package changes no key; another engine, or a live run, does."""
    lab = tiny_course.lab("adding")

    def engine(**options):
        return Backlog(None, Settings(lab, level, **options), (), {}).engine

    monkeypatch.setattr("grader.__version__", "99.0")
    assert engine() == ENGINE
    assert engine(live=True) != ENGINE
    monkeypatch.setattr("grader.grading.pending.ENGINE", "2")
    assert engine() == "2"


def test_results_of_the_first_release_still_count():
    """The engine began under the name by which the first results were recorded, version 0.1.0.

    When it is raised for the first time, this test goes.
    """
    assert ENGINE == "0.1.0"


def test_the_version_says_what_judges():
    """`shardlab --version` names both, for a report of a fault."""
    assert CliRunner().invoke(main, ["--version"]).output.endswith(f"judging engine {ENGINE}\n")
