"""Our steps among nbgrader's own; `config` puts them there.

If a score is withheld, or anything of ours is broken, the step raises: nbgrader then says that
this submission failed, goes on with the rest, and takes it up again at the next run. The
submission's old automatic scores are removed first, so that they can't be exported in its name. It
never counts as graded without a score, and never as a 0.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nbformat import v4
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearSolutions, Execute, NbGraderPreprocessor
from traitlets import Enum, Unicode

from grader.course import Lab, load_course
from grader.errors import CourseError, ShardlabError
from grader.evidence import MAX_TRACE_BYTES
from grader.gradebook.approval import approver
from grader.gradebook.store import url_of
from grader.grading import Settings, grade_here
from grader.notebooks.expected import ExpectedCell, check_rubric, in_order, is_ours
from grader.notebooks.pieces import TOP, Piece, grade_id, join
from grader.notebooks.reading import Reading, read_cells
from grader.notebooks.restore import restore, scratch_cells, solution_pieces
from grader.notebooks.submitted import MARK as FROM_A_FILE
from grader.notebooks.told import told
from grader.notebooks.words import comment_on, item_text
from grader.results import Result
from grader.sandbox import Level
from grader.submissions import from_bytes, read_regular

LEVELS = tuple(level.word for level in Level)
_LAB_COMMENT = "shardlab_comment"


class WithheldError(ShardlabError):
    """A score can't be given, by no fault of the student's."""


class ClearToStub(ClearSolutions):
    """Makes the student's version: with the lab's stub in our notebooks, else as nbgrader does."""

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """The cell with its stub, which `notebook` left in its metadata."""
        own = cell.metadata.pop("shardlab", None)
        if own is None:
            return super().preprocess_cell(cell, resources, index)
        cell.source = own["stub"]
        return cell, resources


class RestoreCells(NbGraderPreprocessor):
    """The first step of autograding: makes a submitted notebook anew; see `restore`."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The notebook made anew, if it is one of ours."""
        expected = expected_cells(resources)
        return (restore(nb, expected) if is_ours(expected) else nb), resources


class ShardlabAutograde(NbGraderPreprocessor):
    """Takes the place of nbgrader's `Execute`: grades our labs in our sandbox.

    Other notebooks are executed as nbgrader does. Its gradebook, and not the notebook itself, says
    which are ours.
    """

    course = Unicode("", help="The folder of the Shardlab course: where course.toml is.").tag(
        config=True
    )
    isolation = Enum(LEVELS, "full", help="The level of isolation; see 'shardlab doctor'.").tag(
        config=True
    )

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The notebook with texts and scores in its locked cells alone."""
        expected = expected_cells(resources)
        if not is_ours(expected):
            return Execute(parent=self.parent).preprocess(nb, resources)
        try:
            lab = self._lab(resources)
            check_rubric(lab, expected)
            nb = restore(nb, expected)  # again: another step may stand between, or in its place
            pieces = solution_pieces(nb, lab)
            reading = self._read(pieces, resources)
            result = self._graded(lab, reading.source.encode(), resources)
            answer = told(lab, result, pieces, reading, scratch_cells(nb))
        except BaseException:
            # An earlier run's: they must not stand for what this one could not say.
            forget_scores(resources)
            raise
        _write_outputs(nb, lab, answer.result)
        resources[_LAB_COMMENT] = comment_on(answer.result, answer.notes)
        return nb, resources

    def _lab(self, resources: Any) -> Lab:
        if not self.course:
            raise CourseError("nbgrader_config.py: ShardlabAutograde.course names no folder")
        root = Path(self.course)
        approve = approver(lambda: url_of(root, None), self.log.warning)
        return load_course(root, approve).lab(resources["nbgrader"]["assignment"])

    def _read(self, pieces: Sequence[Piece], resources: Any) -> Reading:
        """The answer cells as a file; the unchanged file if it came by our own command line."""
        if (Path(resources["metadata"]["path"]) / FROM_A_FILE).exists():
            return Reading(join(each.text for each in pieces))
        return read_cells(pieces)

    def _graded(self, lab: Lab, source: bytes, resources: Any) -> Result:
        student = resources["nbgrader"]["student"]
        trace = _trace(lab, Path(resources["metadata"]["path"])) if lab.assignment.trace else None
        submission = from_bytes(lab, student, source, trace)
        # nbgrader makes a preprocessor for each notebook; what is warm is the process's own
        result = grade_here(Settings(lab, Level.from_word(self.isolation)), submission)
        # A locked cell that nothing is written into would pass, by nbgrader's rules.
        complete = [each.item for each in result.rubric] == [each.item for each in lab.rubric]
        if result.score is None or not complete:
            raise WithheldError(f"{lab.slug}, {student}: score withheld: {result.note}")
        return result


class SaveComments(NbGraderPreprocessor):
    """The step after nbgrader's `SaveAutoGrades`: saves a comment on the whole lab."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The notebook unchanged, once the first solution cell's `auto_comment` is written."""
        if _LAB_COMMENT in resources:
            info = resources["nbgrader"]
            at = (grade_id(TOP), info["notebook"], info["assignment"], info["student"])
            with Gradebook(info["db_url"]) as book:
                book.find_comment(*at).auto_comment = resources[_LAB_COMMENT]
                book.db.commit()
        return nb, resources


def expected_cells(resources: Any) -> list[ExpectedCell]:
    """The cells of the released notebook, as nbgrader's gradebook has them."""
    info = resources["nbgrader"]
    with Gradebook(info["db_url"]) as book:
        notebook = book.find_notebook(info["notebook"], info["assignment"])
        tasks = {cell.name: cell.max_score for cell in notebook.task_cells}
        points = {cell.name: cell.max_score for cell in notebook.grade_cells} | tasks
        solutions = {cell.name for cell in notebook.solution_cells}
        return in_order(
            [
                ExpectedCell(
                    cell.name,
                    cell.cell_type,
                    cell.source or "",
                    cell.checksum or "",
                    cell.locked,
                    cell.name in solutions,
                    cell.name in tasks,
                    points.get(cell.name),
                )
                for cell in notebook.source_cells
            ]
        )


def forget_scores(resources: Any) -> None:
    """Removes the automatic scores of this notebook, and leaves those that a person gave."""
    info = resources["nbgrader"]
    with Gradebook(info["db_url"]) as book:
        notebook = book.find_submission_notebook(
            info["notebook"], info["assignment"], info["student"]
        )
        for grade in notebook.grades:
            grade.auto_score, grade.needs_manual_grade = None, True
        book.db.commit()


def _write_outputs(nb: Any, lab: Lab, result: Result) -> None:
    """Writes text and score into the locked cell of each rubric item."""
    rubric = {each.item: each for each in result.rubric}
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in rubric:
            cell.execution_count = 1
            cell.outputs = list(_outputs(item_text(lab, rubric[name]), rubric[name].points))


def _outputs(text: str, points: int) -> Iterator[Any]:
    yield v4.new_output("stream", name="stdout", text=f"{text}\n")
    data = {"text/plain": repr(float(points))}
    yield v4.new_output("execute_result", data=data, execution_count=1)


def _trace(lab: Lab, folder: Path) -> bytes | None:
    """The trace beside the notebook, under the name that `shardlab capture` gives it."""
    try:
        return read_regular(folder / f"{lab.entry}.trace", MAX_TRACE_BYTES)
    except OSError:
        return None
