"""The exceptions of Shardlab, by who can mend what went wrong.

::

    ShardlabError
    ├── CourseError    the author's: course.toml, an assignment, a suite, a solution
    ├── SandboxError   the system's: isolation that is missing or that broke
    │   └── StarvedError   the machine's: too busy to say what a submission does
    ├── StoreError     the system's: a gradebook that can't be opened, read or written
    └── UsageError     the caller's: a path, a name or an option that can't be meant

What a *student's* code does wrong is never an exception of this tree: it is data, an
`Outcome` of `grader.sandbox` or a `Finding` of `grader.suite`. Every text says what is
wrong and what would mend it.
"""


class ShardlabError(Exception):
    """Something other than a student's work is wrong; the text says what mends it."""


class CourseError(ShardlabError):
    """The course is wrong. Each argument is one fault: the file, the key, what was expected."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Each fault in words."""
        return tuple(map(str, self.args))

    def __str__(self) -> str:
        return "\n".join(self.problems)


class SandboxError(ShardlabError):
    """Untrusted code can't be run as asked. Never run it then."""


class StarvedError(SandboxError):
    """The machine was too busy to give a submission its time; grading it again later mends that."""


class StoreError(ShardlabError):
    """The gradebook can't be used as it is. What failed has left nothing half-written."""


class UsageError(ShardlabError):
    """A request can't be met as it was made."""
