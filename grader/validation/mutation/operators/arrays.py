"""Mistakes with arrays and ranks: dtypes, axes, transposes, and the wrong collective."""

import ast
from collections.abc import Iterator

from grader.validation.mutation.places import Place
from grader.validation.mutation.trees import changed, expression, name_of

_DTYPES = {
    "float64": ("float32",),
    "float32": ("float64", "float16"),
    "float16": ("float32",),
    "int64": ("int32", "float64"),
    "int32": ("int64",),
    "bool": ("int64",),
}
_COLLECTIVES = {
    "all_reduce": ("all_gather", "reduce_scatter"),
    "all_gather": ("all_reduce",),
    "reduce_scatter": ("all_reduce",),
}
_AXES = ("axis", "dim")
_LIBRARIES = ("np", "numpy", "torch")


def dtype(place: Place) -> Iterator[ast.AST]:
    """A wider or narrower type; a fixed one for that of an input."""
    node = place.node
    if not isinstance(node, ast.Attribute):
        return
    if name_of(node.value) in _LIBRARIES:
        for other in _DTYPES.get(node.attr, ()):
            yield changed(node, attr=other)
    elif node.attr == "dtype":
        library = "torch" if place.file.uses_torch else "np"
        yield expression(f"{library}.float64")
        yield expression(f"{library}.float32")


def axis(place: Place) -> Iterator[ast.AST]:
    """The other axis, counted from either end; no transpose."""
    node, parent = place.node, place.parent
    if isinstance(parent, ast.keyword) and parent.arg in _AXES:
        for other in ("0", "1", "-1"):
            if ast.dump(expression(other)) != ast.dump(node):
                yield expression(other)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


def collective(place: Place) -> Iterator[ast.AST]:
    """Another collective for this one."""
    node = place.node
    if isinstance(node, ast.Attribute):
        for other in _COLLECTIVES.get(node.attr, ()):
            yield changed(node, attr=other)
