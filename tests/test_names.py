"""One word for one act, one class for one name: what the glossary promises of names in grader/."""

import ast
import re
from collections import defaultdict
from pathlib import Path

GRADER = Path(__file__).parent.parent / "grader"
# What is graded, checked, judged, handed in, taken in had these names as well, once.
OLD = re.compile(
    r"(^|_)(reception|receive_all|receive_from|receive_plain|handin|marking|marked|batch|watching"
    r"|GradedLab|Grader|PublicRuns|WarmCheck|open_sandbox|processes_of|crew)(_|$)"
)


def defined():
    """Modules, classes and functions that are public: name, and the file that has it."""
    for path in sorted(GRADER.rglob("*.py")):
        yield path.stem, path
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                yield node.name, path


def test_no_old_synonym_is_left():
    """A module, class or function that has one of the old names brings a second word back."""
    assert [(name, str(path)) for name, path in defined() if OLD.search(name)] == []


def test_no_two_public_classes_of_one_name_in_a_part():
    """Whoever reads a name in a part knows which class it is."""
    places = defaultdict(set)
    for name, path in defined():
        if name[0].isupper():
            places[path.relative_to(GRADER).parts[0], name].add(path.name)
    inside = ("sandbox", "Zygote")  # one on each side of the boundary
    assert {key: files for key, files in places.items() if len(files) > 1 and key != inside} == {}
