"""Mutants of a lab's solution, made by machine, and which of them its hidden suite lets pass.

Theory of operation
-------------------
`places` walks the solution, `operators` say what else might stand at each place, and `mutants`
makes a copy of the file with that one mistake, in its text. `run` grades each copy for many
students in the same isolation as any submission, until a case is lost; what no case is lost for
survives, and is a case that the suite lacks, or is right after all: `equivalent` reads the marks
that say so, with reasons. `cache` remembers who was killed, `report` shows who was not.

Our own operators, on the standard library's `ast`: those of mutmut and cosmic-ray, which were
tried first, know no axis, dtype, collective, rank or message, and both run pytest in a process
that holds the mutant, where the hidden suite must not be.
"""

from grader.validation.mutation.game import Sample
from grader.validation.mutation.report import lines_of, summary
from grader.validation.mutation.run import hunt
from grader.validation.mutation.tally import Hunt, Survivor

__all__ = ["Hunt", "Sample", "Survivor", "hunt", "lines_of", "summary"]
