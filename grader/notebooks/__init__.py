"""Labs as nbgrader notebooks, both ways: its students in our sandbox, ours in its formgrader.

Theory of operation
===================

A lab's one file is cut into *pieces*: the top, before its first function, and one piece for each
function (`pieces`). `source` makes a notebook of them, which nbgrader generates, releases and
collects: a cell for each piece, with the reference solution for instructors, and a locked cell for
each rubric item. The pieces of a submitted notebook, joined, are the lab's file again, so the same
work earns the same score whichever way it comes.

A submitted notebook is hostile throughout. `restore` takes only the text of its cells and makes a
new notebook around that: the list of cells, their points and the text of locked cells are read
from nbgrader's gradebook, never from the notebook.

IPython's own transformer takes Jupyter's commands out of a cell (`commands`), and `module` all
else that a file may not have. Both parse students' text, which can be made to take minutes and
gigabytes. So they run in a process that is sure to end (`reading` starts it, `child` is it), and
none of that text is run there. `told` says where in the notebook something is missing.

`preprocess` has the steps that nbgrader is configured with (`config`). One replaces nbgrader's
`Execute`, so that no student's code runs in nbgrader's process or in a kernel. It grades in our
sandbox and writes a text and a number into each locked cell, which nbgrader's own `SaveAutoGrades`
takes for partial credit.

`submitted` writes work from the command line where nbgrader looks for notebooks. `sync` exchanges
scores by column: ours are `auto_score` and `auto_comment`, nbgrader's are `manual_score`,
`extra_credit` and `manual_comment`. Each column has one writer, so there is nothing to merge.

`preprocess` and `config` import nbgrader, which takes seconds; `source`, `restore` and
`submitted` only its nbformat, `commands` its IPython; the rest works without the extra.
"""

import importlib.util

from grader.errors import ShardlabError


def check_installed() -> None:
    """Raises an error of one line, before anything is begun, if nbgrader is not installed."""
    if importlib.util.find_spec("nbgrader") is None:
        raise ShardlabError("nbgrader is not installed here: pip install 'shardlab[nbgrader]'")
