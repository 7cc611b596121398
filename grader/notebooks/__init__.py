"""Labs as nbgrader notebooks, both ways: its students in our sandbox, ours in its formgrader.

Theory of operation
===================

A lab's one file is cut into *pieces*: what stands before its first function, and one piece a
function (`pieces`). `source` makes of them the notebook that nbgrader generates, releases and
collects: a cell a piece, the reference solution in it for instructors, and a locked cell for
each rubric item. The pieces of a submitted notebook, joined, are the lab's file again, so the
same work earns the same score whichever way it comes.

A submitted notebook is hostile throughout. Of it `restore` takes the text of cells, and makes
a new notebook around that: which cells there are, what they are worth and what locked ones say
is read from nbgrader's gradebook, never from the notebook.

What a cell may hold beside Python, IPython's own transformer takes out (`commands`), and what a
file may not have, `module` does. That parses students' text, which can be made to take minutes
and gigabytes; so it happens in a process that ends in time (`reading` starts it, `child` is it),
and none of that text is ever run there. `told` says where in the notebook something is missing.

`preprocess` has the classes that nbgrader is configured with (`config`): one stands in the
place of nbgrader's `Execute`, so that no student's code runs in nbgrader's process or in a
kernel. It grades in our sandbox and writes into each locked cell a text and a number, which
nbgrader's own `SaveAutoGrades` takes for partial credit.

`submitted` writes what was handed in on the command line where nbgrader looks for notebooks.
`sync` exchanges scores by column: ours are `auto_score` and `auto_comment`, nbgrader's are
`manual_score`, `extra_credit` and `manual_comment`. One writer a column, nothing to merge.

`preprocess` and `config` import nbgrader, which takes seconds; `source`, `restore` and
`submitted` only its nbformat, `commands` its IPython; the rest works without the extra.
"""

import importlib.util

from grader.errors import ShardlabError


def check_installed() -> None:
    """Refuses in one line, before anything is begun, where nbgrader is not installed."""
    if importlib.util.find_spec("nbgrader") is None:
        raise ShardlabError("nbgrader is not installed here: pip install 'shardlab[nbgrader]'")
