"""Kinds of mistakes. Each takes a place and yields what might stand there instead.

A kind knows one sort of node and yields nothing for any other. What it yields need not make
sense: a mutant that can't even run is lost to the first case, and costs little.
"""

import ast
from collections.abc import Callable, Iterator

from grader.validation.mutation.operators import (
    arrays,
    calls,
    conditions,
    inputs,
    numbers,
    order,
    statements,
)
from grader.validation.mutation.places import Place

Operator = Callable[[Place], Iterator[ast.AST]]

# Of what an exception says only names and values count, so these alone change it.
IN_MESSAGES = {"exception", "message"}

OPERATORS: dict[str, Operator] = {
    "comparison": conditions.comparison,
    "condition": conditions.condition,
    "branch": conditions.branch,
    "constant": numbers.constant,
    "arithmetic": numbers.arithmetic,
    "arguments": calls.arguments,
    "call": calls.call,
    "name": calls.name,
    "dtype": arrays.dtype,
    "axis": arrays.axis,
    "collective": arrays.collective,
    "sequence": order.sequence,
    "iteration": order.iteration,
    "extent": order.extent,
    "statement": statements.statement,
    "returned": statements.returned,
    "exception": statements.exception,
    "message": statements.message,
    "text": statements.text,
    "inputs": inputs.inputs,
}


def alternatives(place: Place) -> Iterator[tuple[str, ast.AST]]:
    """What may stand there instead, each with the kind of mistake that it is."""
    for kind, operator in OPERATORS.items():
        if not place.in_message or kind in IN_MESSAGES:
            for new in operator(place):
                yield kind, new


__all__ = ["OPERATORS", "Operator", "alternatives"]
