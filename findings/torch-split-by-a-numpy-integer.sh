#!/usr/bin/env bash
# Package:   torch 2.13.0 with numpy 2.4.6 (seen with the CPU build, Python 3.11)
# Behaviour: `Tensor.split` and `torch.split` refuse a size that is one of numpy's integers, and the
#            error speaks of another function and a tuple of sizes. Their neighbours `chunk`,
#            `tensor_split` and `narrow` take the same number, and so does `split` for its `dim` and
#            within a list of sizes: `split` alone tells "a size" from "sizes" in Python, by whether
#            it is an `int`. Code that gets a rank's share from `array.shape` arithmetic in numpy
#            works with all of them but this one; `t.split(int(size))` works.
# Seen:      chunk: ok
#            tensor_split: ok
#            narrow: ok
#            split, a list of sizes: ok
#            split, a size: TypeError
# Date:      2026-11-28
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys

import numpy as np
import torch

tensor, size = torch.arange(6), np.int64(2)
ways = {
    "chunk": lambda: tensor.chunk(size),
    "tensor_split": lambda: tensor.tensor_split(size),
    "narrow": lambda: tensor.narrow(0, size, size),
    "split, a list of sizes": lambda: tensor.split([size, size, size]),
    "split, a size": lambda: tensor.split(size),
}
seen = {}
for name, way in ways.items():
    try:
        way()
        seen[name] = "ok"
    except TypeError as error:
        seen[name] = type(error).__name__
    print(f"{name}: {seen[name]}")
sys.exit([name for name, told in seen.items() if told != "ok"] != ["split, a size"])
PY
