"""What the contracts in pyproject.toml, which `lint-imports` checks, can't say by themselves."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
GRADER = ROOT / "grader"
EVERYWHERE = {"grader", "numpy", "msgspec"}
HEAVY = {
    *("numpy", "pytest", "msgspec", "rich", "torch", "sqlalchemy", "alembic", "dask"),
    *("distributed", "nbgrader", "jinja2", "nacl", "psycopg", "watchfiles"),
}


def foreign(path):
    """The packages from outside that a module imports, at any depth of the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        yield from {name.split(".")[0] for name in names} - sys.stdlib_module_names


def test_every_foreign_package_has_a_contract():
    """A new dependency belongs to one part: the contracts say to which."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    told = contracts["tool"]["importlinter"]["contracts"]
    known = {name for each in told for name in each.get("protected_modules", ())} | EVERYWHERE
    inside = {path.stem for path in (GRADER / "sandbox" / "inside").glob("*.py")}
    for path in GRADER.rglob("*.py"):
        # what runs inside the sandbox is found beside itself, not in the package
        allowed = known | inside if path.is_relative_to(GRADER / "sandbox") else known
        assert set(foreign(path)) <= allowed, path


def test_help_imports_nothing_heavy():
    """`shardlab --help` answers at once because nothing heavy is imported for it."""
    code = "import sys, grader.cli; print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert not set(ended.stdout.split()) & HEAVY
