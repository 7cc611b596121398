"""Problems of a lab's files as they are written: suites, stub, and files that nothing reads."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from grader.course import Lab, written_files
from grader.course.authored import source_of, tree_of
from grader.errors import CourseError
from grader.results import Result
from grader.suite.explain.message import words_in
from grader.suite.run import Suite
from grader.suite.written import written


def suite_problems(lab: Lab, hidden: Path) -> Iterator[str]:
    """The parts of the lab's suites that can't be collected or would not be run, each by name."""
    for path in (hidden, lab.public_suite):
        try:
            with Suite(path, lab):
                pass
        except CourseError as error:
            yield from error.problems
    for path in written_files(lab.folder):
        if path.suffix == ".py" and path not in (lab.public_suite, lab.stub):
            yield from _strays(path, lab.public_suite.name)


def stub_problems(lab: Lab, solution: Path) -> Iterator[str]:
    """The functions and parameters in which stub and solution differ."""
    asked, answered = _functions(lab.stub), _functions(solution)
    for name, parameters in answered.items():
        if name not in asked:
            yield (
                f"the solution has {name}({parameters}), and the stub has no {name}; "
                f"write it there, or call it _{name}"
            )
        elif asked[name] != parameters:
            yield (f"the stub has {name}({asked[name]}), and the solution has {name}({parameters})")
    for name in asked:
        if name not in answered:
            yield f"the stub has {name}, and the solution does not"


def silent_functions(lab: Lab, result: Result) -> Iterator[str]:
    """The functions of the stub that do not say by name what is to be done, as graded."""
    said = "\n".join(words_in(each.finding) for each in result.rubric)
    calls = re.findall(r"NotImplementedError\((.*?)\)\n", source_of(lab.stub), re.DOTALL)
    for name in lab.functions:
        text = f"{name}:"
        if text not in " ".join(calls) or (text not in said and "not written yet" not in said):
            yield name


def unread_files(folder: Path, kind: str) -> Iterator[str]:
    """Files among the variants or mutants that nobody grades."""
    if folder.is_dir():
        for path in written_files(folder):
            if path.parent != folder or path.suffix != ".py":
                yield f"{path}: not graded; each {kind} is one .py file right in {folder.name}/"


def _strays(path: Path, public: str) -> Iterator[str]:
    try:
        found = written(path)
    except CourseError as error:
        yield from error.problems
        return
    if found.tests or found.problems:  # a class of tests is a problem
        number = len(found.tests) or "its"
        count = "1 test is" if number == 1 else f"{number} tests are"
        yield f"{path}: {count} not run; of what students get only {public} is a suite"


def _functions(path: Path) -> dict[str, str]:
    """The public functions of a file, with their parameters as they are written, without types."""
    found = {}
    for node in tree_of(path).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            for each in ast.walk(node.args):
                if isinstance(each, ast.arg):
                    each.annotation = None
            found[node.name] = ast.unparse(node.args)
    return found
