"""The Python examples in a text: each ```python block is run by itself, as a reader would."""

import json
import re
import subprocess
import sys
from pathlib import Path

from grader.course.authored import text_of

# To the closing fence, or to the end where it was forgotten: then the text after it fails.
_BLOCK = re.compile(r"^```python[ \t]*\n(.*?)(?:^```|\Z)", re.DOTALL | re.MULTILINE)
_SECONDS = 60.0
# Every block gets a namespace of its own; what fails is told by its line in the text.
_RUNNER = """
import json, sys, traceback
problems = []
for line, source in json.load(sys.stdin):
    try:
        exec(compile("\\n" * line + source, sys.argv[1], "exec"), {"__name__": "__main__"})
    except BaseException as error:
        inner = [f.lineno for f in traceback.extract_tb(error.__traceback__)
                 if f.filename == sys.argv[1]]
        place = inner[-1] if inner else getattr(error, "lineno", line + 1)
        text = error.msg if isinstance(error, SyntaxError) else error
        problems.append(f"{sys.argv[1]}:{place}: {type(error).__name__}: {text}")
sys.__stderr__.write("\\n" + json.dumps(problems))
"""


def examples(path: Path) -> list[tuple[int, str]]:
    """The blocks of a text: the number of the line before each block's first, and its source."""
    text = text_of(path)
    return [(text.count("\n", 0, match.start(1)), match[1]) for match in _BLOCK.finditer(text)]


def run_examples(path: Path) -> tuple[int, list[str]]:
    """How many blocks there are, and for each that fails its place and its error."""
    blocks = examples(path)
    if not blocks:
        return 0, []
    try:
        ended = subprocess.run(
            [sys.executable, "-I", "-c", _RUNNER, str(path)],
            input=json.dumps(blocks).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return len(blocks), [f"{path}: the examples run for more than {_SECONDS:g} s"]
    last = ended.stderr.decode("utf-8", "replace").rpartition("\n")[2]
    if ended.returncode or not last.startswith("["):
        return len(blocks), [f"{path}: the examples ended Python with code {ended.returncode}"]
    return len(blocks), list(json.loads(last))
