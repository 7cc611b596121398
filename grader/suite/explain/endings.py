"""What in a student's own line ended Python, or waited for somebody to type.

In a script such a line does its work. In a file that is imported it ends the import, and in a
function the call: so it is named, rather than the exception that Python makes of it.
"""

import re

from grader.sandbox import Raised

# What ends Python, by how its line looks; the first that fits.
_BY_LINE = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"\bunittest\s*\.\s*main\b", "unittest.main()"),
        (r"\bparse(?:_known|_intermixed|_known_intermixed)?_args\b", "parse_args()"),
        (r"\bpytest\s*\.\s*main\b", "pytest.main()"),
        (r"\bsys\s*\.\s*exit\b", "sys.exit()"),
        (r"\bquit\b", "quit()"),
        (r"\bexit\b", "exit()"),
        (r"\braise\s+SystemExit\b", "raise SystemExit"),
    )
)
_NO_SUCH = re.compile(r"name '(exit|quit)' is not defined")  # where no person runs Python
_NO_INPUT = "EOF when reading a line"  # says input() alone


def ended_by(outcome: Raised, what: str) -> str:
    """`sys.exit() ended the import`, where `what` is "import"; empty for any other exception."""
    kind, line = outcome.types[0], outcome.source or ""
    if "Exception" not in outcome.types:
        named = (name for pattern, name in _BY_LINE if pattern.search(line))
        return f"{next(named, 'this line' if line else kind)} ended the {what}"
    if kind == "NameError" and (missing := _NO_SUCH.search(outcome.message)):
        return f"{missing[1]}() would end the {what}"
    if outcome.message == _NO_INPUT:
        return "input() has nobody to ask"
    if kind == "BdbQuit":
        return "a breakpoint has nobody to wait for"
    return ""
