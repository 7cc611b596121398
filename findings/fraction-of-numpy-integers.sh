#!/usr/bin/env bash
# Package:   numpy 2.4.6 with CPython's fractions (seen with Python 3.11)
# Behaviour: `Fraction(numpy_integer, n)` keeps numpy's integer as its numerator (and a reduced
#            denominator may be one, too). From then on it is no exact number any more: arithmetic
#            with it is that of a fixed width. A product that a Fraction of Python's integers has
#            exactly wraps round, so that equal values stop being equal, with a RuntimeWarning at
#            most; and what stores `numerator` finds a type there that json, say, refuses.
#            `Fraction(int(x), n)` is exact. That an integer of numpy's registers as
#            `numbers.Integral` is what lets it in.
# Seen:      numerator is int64
#            Fraction(int64(3 * 2**40), 4) * 2**30 equals the exact value: False
#            json: TypeError
# Date:      2026-11-28
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import json
import sys
from fractions import Fraction

import numpy as np

share = Fraction(np.int64(3 * 2**40), 4)
kind = type(share.numerator).__name__
print("numerator is", kind)
exact = Fraction(3 * 2**40, 4) * 2**30
equal = share * 2**30 == exact
print("Fraction(int64(3 * 2**40), 4) * 2**30 equals the exact value:", equal)
try:
    json.dumps([share.numerator, share.denominator])
    told = "no error"
except TypeError as error:
    told = type(error).__name__
print("json:", told)
sys.exit((kind, bool(equal), told) != ("int64", False, "TypeError"))
PY
