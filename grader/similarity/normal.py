"""The normal form of a submission, without names, texts and layout.

Sources are hostile: sizes are bounded before anything is parsed, no tree is walked by recursion,
and a source that can't be read is reported.
"""

import ast
import itertools
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from grader.files import sources

MAX_SOURCE_BYTES = 64 << 10  # Python takes seconds over some texts four times as long
MAX_NODES = 40_000
MAX_SECTIONS = 400
_LEAST_NODES = 5  # of a subtree that says something
_OWN = "·"  # in the place of each name that a student chose
_NO_NODES = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
_SILENT = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
_HEADED = (ast.stmt, ast.ExceptHandler, ast.match_case)
_OTHER_LABELS = {"JoinedStr": "text", "AnnAssign": "Assign", "AsyncFunctionDef": "FunctionDef"}
_HINTS = {"annotation", "returns", "type_params", "type_comment", "type_ignores"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class StatementForm:
    """Lines and hash of a statement; of one with a body, those of the part before the colon."""

    first: int
    last: int
    form: int


@dataclass(frozen=True)
class Section:
    """A function, or a module's own lines: its place and its shapes.

    `size` counts the nodes of its normal form.
    """

    name: str
    first: int
    last: int
    size: int
    shapes: frozenset[int]
    statements: tuple[StatementForm, ...] = field(repr=False)


@dataclass(frozen=True)
class Work:
    """A submission that could be read."""

    name: str
    lines: tuple[str, ...] = field(repr=False)
    sections: tuple[Section, ...] = field(repr=False)
    shapes: frozenset[int] = field(repr=False)


@dataclass(frozen=True)
class UnreadWork:
    """A submission that could not be read, and why; a person should look at it."""

    name: str
    why: str


def read_work(name: str, source: bytes, contract: Collection[str] = ()) -> Work | UnreadWork:
    """The submission's normal form. `contract` are the names that the stub prescribes."""
    if len(source) > MAX_SOURCE_BYTES:
        return UnreadWork(name, f"larger than {MAX_SOURCE_BYTES >> 10} kB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's, about the student's backslashes
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return UnreadWork(name, f"not to be parsed: {_reason(error)}")
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        return UnreadWork(name, f"more than {MAX_NODES} syntax nodes")
    roots = list(_roots(tree))
    if len(roots) > MAX_SECTIONS:
        return UnreadWork(name, f"more than {MAX_SECTIONS} functions")
    names = _Names(tree, contract)
    sections = tuple(_section(each, nodes, names) for each, nodes in roots)
    shapes = frozenset().union(*(section.shapes for section in sections))
    return Work(name, tuple(sources.lines(source)), sections, shapes)


def _reason(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    return {RecursionError: "nested too deeply", MemoryError: "nested too deeply"}.get(
        type(error), "it is no text"
    )


def _roots(tree: ast.Module) -> Iterator[tuple[str, Sequence[ast.stmt]]]:
    """Yields each function and method with its name, then the rest of the module."""
    rest: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, _Function):
            yield node.name, [node]
        elif isinstance(node, ast.ClassDef):
            for each in node.body:
                yield f"{node.name}.{getattr(each, 'name', '(class)')}", [each]
        else:
            rest.append(node)
    if any(not _is_silent(each) for each in rest):
        yield "(module)", rest


class _Names:
    """The names of a file that its author chose, and not a library or the stub."""

    def __init__(self, tree: ast.Module, contract: Collection[str]) -> None:
        self._contract = frozenset(contract)
        self._module = _bound_in(tree.body)
        self._imports: dict[str, str] = {}
        self.attributes: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                self.attributes.add(node.attr)
            elif isinstance(node, ast.ClassDef):
                self.attributes |= _bound_in(node.body)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                source = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                for each in node.names:
                    self._imports[each.asname or each.name] = source + each.name
        self._own = self._module

    def enter(self, nodes: Sequence[ast.stmt]) -> None:
        """Counts the names that these nodes bind as chosen, until the next call."""
        local = {name for root in nodes for each in ast.walk(root) for name in _bound_by(each)}
        self._own = (self._module | local) - self._contract

    def shown(self, name: str) -> str:
        if name in self._own:
            return _OWN
        return self._imports.get(name, name)

    def is_own_call(self, function: ast.expr) -> bool:
        """Whether a call's keywords are parameters of a function in this file."""
        if isinstance(function, ast.Attribute):
            return function.attr in self.attributes
        if not isinstance(function, ast.Name):
            return True
        return function.id in self._own or function.id in self._contract


def _bound_in(body: Iterable[ast.stmt]) -> set[str]:
    """The names that a module or class has when its body has run."""
    found: set[str] = set()
    for each in body:
        inner = [each] if isinstance(each, _Function | ast.ClassDef) else ast.walk(each)
        found.update(name for node in inner for name in _bound_by(node))
    return found


def _bound_by(node: ast.AST) -> Iterator[str]:
    """The names that the node itself binds."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.MatchMapping):
        yield from [node.rest] if node.rest else []
    elif isinstance(
        node, _Function | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar
    ):
        yield from [node.name] if node.name else []


def _is_silent(node: ast.AST) -> bool:
    """Whether a statement tells nothing: an import, a docstring, a bare annotation."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, _SILENT) or (isinstance(node, ast.AnnAssign) and node.value is None)


def _section(name: str, roots: Sequence[ast.stmt], names: _Names) -> Section:
    """The shapes of the trees, from the leaves up."""
    names.enter(roots)
    order, parents = _preorder(roots, names)
    below: list[list[tuple[ast.AST, int]]] = [[] for _ in order]
    sizes = [1] * len(order)
    shapes: set[int] = set()
    statements = []
    top: list[tuple[ast.AST, int]] = []
    for index in range(len(order) - 1, -1, -1):
        node, label = order[index]
        children = below[index][::-1]
        form = hash((label, *(each for _, each in children)))
        if sizes[index] >= _LEAST_NODES:
            shapes.add(form)
        shapes.update(_neighbours(children))
        if isinstance(node, ast.stmt):
            statements.append(_statement(node, label, children))
        parent = parents[index]
        (below[parent] if parent >= 0 else top).append((node, form))
        if parent >= 0:
            sizes[parent] += sizes[index]
        below[index] = []
    shapes.update(_neighbours(top[::-1]))
    statements.sort(key=lambda each: (each.first, each.last))
    first = min((each.first for each in statements), default=1)
    last = max((root.end_lineno or root.lineno for root in roots), default=1)
    return Section(name, first, last, len(order), frozenset(shapes), tuple(statements))


def _preorder(
    roots: Sequence[ast.stmt], names: _Names
) -> tuple[list[tuple[ast.AST, str]], list[int]]:
    """Every node of the normal form with its label, parents first; and the parent of each."""
    order: list[tuple[ast.AST, str]] = []
    parents: list[int] = []
    own_keywords: set[int] = set()
    waiting: list[tuple[ast.AST, int]] = [(each, -1) for each in reversed(roots)]
    while waiting:
        node, parent = waiting.pop()
        if _is_silent(node):
            continue
        if isinstance(node, ast.Call) and names.is_own_call(node.func):
            own_keywords.update(map(id, node.keywords))
        label = _label(node, names)
        if isinstance(node, ast.keyword):
            label = f"keyword {_OWN if id(node) in own_keywords else node.arg}"
        order.append((node, label))
        parents.append(parent)
        waiting += [(each, len(order) - 1) for each in reversed(list(_children(node)))]
    return order, parents


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below, without type hints, texts and parts of the label."""
    if isinstance(node, ast.JoinedStr):
        return
    for name in node._fields:
        value = getattr(node, name, None)
        if name in _HINTS or value is None:
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST) and not isinstance(each, _NO_NODES):
                yield each


def _label(node: ast.AST, names: _Names) -> str:
    """The kind of a node, with its names but those that the author chose."""
    kind = type(node).__name__
    if isinstance(node, ast.Name):
        return f"Name {names.shown(node.id)}"
    if isinstance(node, ast.Attribute):
        return f"Attribute {_OWN if node.attr in names.attributes else node.attr}"
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    if kind in _OTHER_LABELS:
        return _OTHER_LABELS[kind]
    if isinstance(node, ast.Compare):
        return " ".join([kind, *(type(each).__name__ for each in node.ops)])
    operator = getattr(node, "op", None)
    return f"{kind} {type(operator).__name__}" if operator is not None else kind


def _constant(value: object) -> str:
    """A number, or the like, by its value; all texts are one."""
    if isinstance(value, str | bytes):
        return "text"
    # a hexadecimal number may have more digits than Python would print
    return f"{type(value).__name__} {hash(value) if isinstance(value, int) else value}"


def _neighbours(children: Sequence[tuple[ast.AST, int]]) -> Iterator[int]:
    """A shape for each two statements that follow each other."""
    for (one, left), (other, right) in itertools.pairwise(children):
        if isinstance(one, ast.stmt) and isinstance(other, ast.stmt):
            yield hash(("then", left, right))


def _statement(
    node: ast.stmt, label: str, children: Sequence[tuple[ast.AST, int]]
) -> StatementForm:
    head = [(each, form) for each, form in children if not isinstance(each, _HEADED)]
    bodies = [each for each, _ in children if isinstance(each, _HEADED)]
    starts = [getattr(each, "lineno", None) for each in bodies]
    first_below = min((each for each in starts if each is not None), default=None)
    last = node.end_lineno or node.lineno
    if first_below is not None:
        last = max(node.lineno, first_below - 1)
    decorators = [each.lineno for each in getattr(node, "decorator_list", ())]
    form = hash((label, *(form for _, form in head)))
    return StatementForm(min([node.lineno, *decorators]), last, form)
