"""The reference's forward passes over a task, beside what a trace tells of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grader.evidence.format import Array

from .header import RunTrace
from .reference import Pass, Reference
from .task import DTYPE, WORLD_SIZE, Task


@dataclass(frozen=True)
class Passes:
    """Each pass is computed once, and only if it is asked for: they are most of the work."""

    trace: RunTrace
    task: Task

    @cached_property
    def told(self) -> Pass:
        """Judged from the sums that the trace tells of; one that it lacks is the reference's."""
        shape = (len(self.task.tokens), self.task.config.hidden)
        sums = []
        for index in range(2 * self.task.config.num_layers):
            each = self.trace.tensors.get(f"rank0/reduce{index}/out")
            if each is None or each.shape != shape:
                each = self._sums[index]
            sums.append(each)
        return self._from(sums)

    @cached_property
    def own(self) -> Pass:
        """Judged from the reference's own sums."""
        return self._from(self._sums)

    @cached_property
    def _sums(self) -> list[Array]:
        """What each all-reduce gives by the reference itself."""
        partials = self._from(None).partials
        return [np.asarray(sum(part.value for part in parts)) for parts in partials]

    def _from(self, sums: Sequence[Array] | None) -> Pass:
        reference = Reference(self.task.config, DTYPE)
        return reference.forward(self.task.tokens, self.task.weights, WORLD_SIZE, sums)
