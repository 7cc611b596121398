"""Commands for students: list, start, check, hint, reset, predict, doctor."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import shell

if TYPE_CHECKING:
    from grader.course import Lab
    from grader.sandbox import Layer
    from grader.suite.finding import CaseResult
    from grader.suite.run import SuiteRun
    from grader.workspace import Workspace

_slug = click.argument("slug", required=False, metavar="[LAB]")


@click.command("list", epilog="Example: shardlab list")
@click.pass_context
def list_labs(context: click.Context) -> None:
    """Show the labs of the course, in the order to work them."""
    course = shell.course_of(context)
    shell.say(course.name)
    for lab in course.labs():
        about = lab.assignment
        shell.say(f"  {about.slug:<18}{about.title:<34}{about.minutes:>4} min  {about.device}")


@click.command(epilog="Example: shardlab start tp-sharding")
@click.argument("slug", metavar="LAB")
@click.option("--in", "parent", type=click.Path(path_type=Path, file_okay=False, exists=True),
              default=".", help="Make the folder here.")  # fmt: skip
@click.option("--nonce", default="", help="Your challenge, for a lab with a trace: from staff.")
@click.option("--student", metavar="ID", help="Where the course key is: this student's challenge.")
@click.pass_context
def start(context: click.Context, slug: str, parent: Path, nonce: str, student: str | None) -> None:
    """Make a folder with a lab's hand-out, stub and public tests."""
    from grader import workspace

    course = shell.course_of(context)
    if student is not None:
        from grader.traces import nonce_of

        nonce = nonce_of(course.key(), slug, student)
    made = workspace.start(course.lab(slug), parent, nonce)
    about, count = made.lab.assignment, len(made.lab.functions)
    shell.say(
        f"Created {slug}/: README.md, {about.file} ({count} functions), test_public.py",
        f"About {about.minutes} min. {about.device}. Works offline.",
        f"Next: read {slug}/README.md, then: cd {slug} && shardlab check",
    )
    if made.lab.assignment.trace and made.nonce_is_practice:
        shell.say("No nonce given: captures are for practice. Ask staff for yours, then start anew")


@click.command(epilog="Example: shardlab check tp-sharding")
@_slug
@click.option("--all", "keep_going", is_flag=True, help="Go on after the first failing item.")
@click.option("--picture", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.svg",
              help="When all checks pass, write the picture of your own run.")  # fmt: skip
@shell.isolation_option
@shell.json_option
def check(
    slug: str | None, keep_going: bool, picture: Path | None, isolation: str | None,
    json_path: Path | None,
) -> None:  # fmt: skip
    """Run the public checks on your file and explain the first that fails."""
    from grader.grading import PUBLIC_SEED, open_sandbox, processes_of
    from grader.submissions import read_submission
    from grader.suite.evidence import Evidence
    from grader.suite.run import Suite
    from grader.traces import Challenge
    from grader.workspace import find_workspace

    if picture is not None and picture.suffix != ".svg":
        raise click.BadParameter(f"{picture} does not end in .svg", param_hint="--picture")
    here = find_workspace(Path.cwd(), slug)
    submission = read_submission(here.lab, here.file, here.lab.slug)
    if submission.problem:
        shell.say(f"{here.file}: {submission.problem}")
        shell.finish(shell.FALLS_SHORT)
    if here.public_suite_changed:
        shell.say("Note: test_public.py is not as released; these are your own checks.")
    printer = _CheckPrinter(here.lab)
    with (
        open_sandbox(here.lab, shell.best_level(isolation)) as sandbox,
        Suite(here.public_suite, here.lab) as suite,
        processes_of(here.lab, submission, sandbox) as processes,
    ):
        run = suite.run(
            processes,
            PUBLIC_SEED,
            stop_early=not keep_going,
            on_result=printer.case,
            evidence=Evidence(Challenge(here.lab.slug, here.nonce), submission.trace),
        )
    printer.end(run)
    _remember_first_failure(here, printer.first_failed)
    if not printer.first_failed:
        _say_predictions(here)
    if picture is not None:
        _write_picture(picture, run, passed=not printer.first_failed)
    shell.write_json(json_path, {"lab": here.lab.slug, "results": printer.as_data()})
    shell.finish(shell.FALLS_SHORT if printer.first_failed else shell.DONE)


def _write_picture(path: Path, run: "SuiteRun", passed: bool) -> None:
    """Writes FILE.svg; where there are more drawings than one, FILE-2.svg and so on."""
    drawings = run.drawings if passed else ()
    for number, drawing in enumerate(drawings, 1):
        target = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        shell.write_text(target, drawing.svg())
        shell.say(f"Wrote {target}, the picture of your own run.")
    if not drawings:
        shell.say("No picture: " + ("this lab draws none." if passed else "not all checks pass."))


class _CheckPrinter:
    """Prints one line an item as soon as its last case is judged, and the message of a failure."""

    def __init__(self, lab: "Lab") -> None:
        self._lab = lab
        self._numbers = {each.item: n for n, each in enumerate(lab.rubric, 1)}
        self._cases: dict[str, CaseResult] = {}
        self._printed: set[str] = set()
        self._waiting: list[str] = []
        self.first_failed = ""

    def case(self, result: "CaseResult") -> None:
        for item in [name for name in self._cases if name != result.item]:
            self._print_once(item)
        self._cases[result.item] = result
        if result.verdict != "passed":
            self._print_once(result.item)

    def end(self, run: "SuiteRun") -> None:
        for item in self._cases:
            self._print_once(item)
        if self._waiting:
            first, last = self._numbers[self._waiting[0]], self._numbers[self._waiting[-1]]
            failed = self._numbers[self.first_failed]
            span = f"{first}-{last}" if first != last else f"{first}"
            shell.say(f"{span:>6}  WAIT  after {failed}; 'shardlab check --all' runs them too")
        shell.say(*(f"   {line}".rstrip() for line in run.picture if not self.first_failed))
        shell.say(self._summary())

    def as_data(self) -> list[dict[str, object]]:
        return [
            {"item": each.item, "title": each.title, "verdict": self._cases[each.item].verdict,
             "finding": self._cases[each.item].finding}
            for each in self._lab.rubric
        ]  # fmt: skip

    def _print_once(self, item: str) -> None:
        if item in self._printed:
            return
        self._printed.add(item)
        result = self._cases[item]
        if result.verdict == "blocked":
            self._waiting.append(item)
            return
        self._print(item, result)

    def _print(self, item: str, result: "CaseResult") -> None:
        from grader.grading import invariant_text
        from grader.suite.message import lines_of

        rubric_item = self._lab.item(item)
        passed = result.verdict == "passed"
        status = shell.word("PASS", "green") if passed else shell.word("FAIL", "red")
        number = f"{self._numbers[item]:>2}/{len(self._lab.rubric)}"
        where = "" if passed else result.finding.where
        shell.say(f"{number:>6}  {status}  {rubric_item.title:<46} {where}".rstrip())
        if passed:
            return
        self.first_failed = self.first_failed or item
        fault = result.verdict == "grader_fault"
        invariant = "" if fault else invariant_text(self._lab, rubric_item)
        shell.say(*lines_of(result.finding, invariant))

    def _summary(self) -> str:
        count = {"PASS": 0, "FAIL": 0, "WAIT": len(self._waiting)}
        for item, result in self._cases.items():
            if item not in self._waiting:
                count["PASS" if result.verdict == "passed" else "FAIL"] += 1
        if not self.first_failed:
            return "Public checks passed. Hidden checks run at grading."
        waiting = f", {count['WAIT']} waiting" if count["WAIT"] else ""
        return (
            f"Result: {count['PASS']} pass, {count['FAIL']} fail{waiting}. "
            "Next: edit, or shardlab hint"
        )


def _remember_first_failure(here: "Workspace", item: str) -> None:
    state = here.state()
    state.last_failed = item
    here.remember(state)


def _say_predictions(here: "Workspace") -> None:
    """What the student predicted, beside the answers."""
    predictions = here.state().predictions
    for each in here.lab.assignment.predict:
        if each.question in predictions:
            _say_wrapped("", each.question)
            _say_wrapped("You said", predictions[each.question])
            _say_wrapped("Answer", each.answer)


def _say_wrapped(label: str, text: str) -> None:
    import textwrap

    shell.say(*textwrap.wrap(text, 78, initial_indent=f"   {label:<10}" if label else "   ",
                             subsequent_indent=" " * 13 if label else "   "))  # fmt: skip


@click.command(epilog="Example: shardlab hint tp-sharding")
@_slug
@click.option("--item", help="A rubric item; else the one that failed in the last check.")
def hint(slug: str | None, item: str | None) -> None:
    """Show the next of three hints for what failed last."""
    import textwrap

    from grader.errors import UsageError
    from grader.workspace import find_workspace

    here = find_workspace(Path.cwd(), slug)
    state = here.state()
    item = item or state.last_failed
    if not item:
        shell.say("Nothing has failed yet. First: shardlab check")
        return
    if item not in here.lab.hints:
        raise UsageError(f"no rubric item '{item}'; there are: {', '.join(here.lab.hints)}")
    ladder = here.lab.hints[item]
    taken = min(state.hints_taken.get(item, 0), len(ladder) - 1)
    shell.say(f"{here.lab.item(item).title}")
    shell.say(f"Hint {taken + 1} of {len(ladder)} (none contains code)")
    shell.say(*textwrap.wrap(ladder[taken], 78, initial_indent="  ", subsequent_indent="  "))
    state.hints_taken[item] = taken + 1
    here.remember(state)


@click.command(epilog="Example: shardlab reset tp-sharding")
@_slug
def reset(slug: str | None) -> None:
    """Bring the stub back; your file is kept beside it."""
    from grader.workspace import find_workspace

    here = find_workspace(Path.cwd(), slug)
    kept = here.reset()
    shell.say(f"{here.file.name} is the stub again." + (f" Yours is {kept.name}." if kept else ""))


@click.command(epilog="Example: shardlab predict tp-sharding")
@_slug
def predict(slug: str | None) -> None:
    """Answer the lab's three questions before you run it. Ungraded, kept on this machine."""
    import textwrap

    from grader.workspace import find_workspace

    here = find_workspace(Path.cwd(), slug)
    state = here.state()
    for number, each in enumerate(here.lab.assignment.predict, 1):
        shell.say(*textwrap.wrap(f"{number}. {each.question}", 78, subsequent_indent="   "))
        known = state.predictions.get(each.question, "")
        state.predictions[each.question] = click.prompt(
            "   Your prediction", default=known or None, show_default=bool(known)
        )
        here.remember(state)
    shell.say("Kept. When all public checks pass, 'shardlab check' shows them beside the answers.")


@click.command(epilog="Example: shardlab doctor")
@shell.json_option
def doctor(json_path: Path | None) -> None:
    """Show what this machine can isolate, and what would bring the rest."""
    import importlib.util
    import platform

    from grader.sandbox import probe

    found = probe()
    shell.say(f"Isolation level {int(found.level)} ({found.level.word})")
    for layer in found.layers:
        _say_layer(layer)
    torch = "there" if importlib.util.find_spec("torch") else "absent (extra: shardlab[torch])"
    shell.say(f"Python {platform.python_version()} on {platform.system()}; torch {torch}")
    if found.level.word == "none":
        shell.say("Your own work can be checked here. Others' work should not be graded here.")
    shell.write_json(
        json_path,
        {"level": found.level.word,
         "layers": [{"name": layer.name, "works": layer.works, "reason": layer.reason,
                     "mend": layer.mend} for layer in found.layers]},
    )  # fmt: skip


def _say_layer(layer: "Layer") -> None:
    import textwrap

    status = shell.word("ok     ", "green") if layer.works else shell.word("missing", "yellow")
    shell.say(f"  {status}  {layer.name}")
    if layer.works:
        return
    for label, text in (("why", layer.reason), ("mend", layer.mend)):
        shell.say(*textwrap.wrap(f"{label}: {text}", 78, initial_indent=" " * 11,
                                 subsequent_indent=" " * 17))  # fmt: skip


COMMANDS = (list_labs, start, check, hint, predict, reset, doctor)
