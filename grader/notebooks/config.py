"""Configures nbgrader to grade our labs, by one call in its `nbgrader_config.py`."""

from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, Execute, SaveAutoGrades

from grader.files.writing import write_with_folders
from grader.notebooks.preprocess import (
    ClearToStub,
    RestoreCells,
    SaveComments,
    ShardlabAutograde,
)

_CONFIG = """\
from grader.notebooks.config import configure

c = get_config()  # noqa: F821 - nbgrader's
c.CourseDirectory.course_id = {course_id!r}
configure(c, course={course!r})
"""


def configure(config: Any, *, course: str, isolation: str = "full") -> None:
    """Puts our steps into nbgrader's: call it last in `nbgrader_config.py`.

    Steps that were set before stay. Notebooks of other labs are treated as nbgrader does.
    """
    config.GenerateAssignment.preprocessors = [
        ClearToStub if step is ClearSolutions else step
        for step in _steps(config, GenerateAssignment, "preprocessors")
    ]
    sanitize = _steps(config, Autograde, "sanitize_preprocessors")
    config.Autograde.sanitize_preprocessors = [RestoreCells, *sanitize]
    steps = [
        ShardlabAutograde if step is Execute else step
        for step in _steps(config, Autograde, "autograde_preprocessors")
    ]
    steps.insert(steps.index(SaveAutoGrades) + 1, SaveComments)
    config.Autograde.autograde_preprocessors = steps
    config.ShardlabAutograde.course = course
    config.ShardlabAutograde.isolation = isolation


def write_config(folder: Path, course: Path, course_id: str) -> Path | None:
    """Writes `nbgrader_config.py` and returns its path; None if there is one already."""
    path = folder / "nbgrader_config.py"
    if path.exists():
        return None
    text = _CONFIG.format(course_id=course_id, course=str(course.resolve()))
    write_with_folders(path, text.encode())
    return path


def _steps(config: Any, converter: Any, name: str) -> list[Any]:
    own = config[converter.__name__]
    return list(own[name] if name in own else converter.class_traits()[name].default())
