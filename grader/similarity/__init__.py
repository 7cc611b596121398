"""Finds submissions that are so alike that a person should look, and where.

Theory of operation. Each function's syntax tree is brought to a normal form (`normal`): names
that the student chose, docstrings, comments, type hints, texts and layout are gone. Its shapes
are the hashes of its subtrees and of its pairs of neighbouring statements. The stub's shapes are
removed; a shape counts less the more of the class wrote it, and nothing above a share (`pairs`).
The similarity of two submissions is the weight that they share, over the weight of both. The cost
is that of one matrix product over the shapes: no two trees are compared. The pairs that are most
alike are laid side by side (`facing`, `page`).

Why not a library: copydetect (MIT; 0.5.0, of March 2024, the newest) tokenises with Pygments,
so that a renamed helper or attribute hides a copy, knows no share of the class, and brings
matplotlib; Dolos and JPlag are no Python. Winnowing itself is a few lines (Schleimer, Wilkerson
and Aiken, SIGMOD 2003), and trees say more than tokens.

The outcome is a reason to look, never a verdict: short functions have one natural form.
"""

from grader.similarity.facing import Line, facing
from grader.similarity.normal import Section, UnreadWork, Work, read_work
from grader.similarity.pairs import Match, Pair, Report, compare, told

__all__ = [
    "Line",
    "Match",
    "Pair",
    "Report",
    "Section",
    "UnreadWork",
    "Work",
    "compare",
    "facing",
    "read_work",
    "told",
]
