"""Mutants of a lab's solution, made by machine, and which of them its hidden suite lets pass.

Theory of operation
-------------------
`places` walks the solution, `operators` say what else might stand at each place, and `mutants`
makes a copy of the file with that one mistake, in its text. `run` grades each copy for many
students in the same isolation as any submission, until a case is lost; what no case is lost for
survives, and is a case that the suite lacks, or is right after all: `equivalent` reads the marks
that say so, with reasons. `cache` remembers who was killed, `report` shows who was not.

Our own operators, on the standard library's `ast`: those of mutmut 3.8 and cosmic-ray 8.7 know no
axis, dtype, collective, rank or message. And both have the tests run where the mutant is, mutmut
in one process with it: the hidden suite must not be there.
"""

from grader.validation.mutation.game import Sample
from grader.validation.mutation.report import as_data, lines_of, summary
from grader.validation.mutation.run import hunt
from grader.validation.mutation.tally import Hunt

__all__ = ["Hunt", "Sample", "as_data", "hunt", "lines_of", "summary"]
