"""Runs one module of a lab's evidence: `python -m grader.evidence FOLDER MODULE ARGUMENT`."""

import sys
from pathlib import Path

from grader.evidence.loading import run_module

run_module(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
