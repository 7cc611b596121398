"""What a sandbox costs: `python tests/benchmarks/bench_sandbox.py [number of processes]`.

Times of one run are comparable with each other only; the last column puts them in proportion
to the start of a bare interpreter, measured in turns with them.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from grader.sandbox import Level, Returned, Sandbox, call, loaded, probe

SUBMISSION = {"work.py": b"import numpy as np\n\n\ndef same(x):\n    return x\n"}
MEGABYTE = np.ones(1 << 18, dtype=np.float32)


def timed(seconds: list[float], action):
    """The result of `action`, its duration noted in `seconds`."""
    start = time.perf_counter()
    value = action()
    seconds.append(time.perf_counter() - start)
    return value


def bare_python() -> None:
    subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True)


def measure(level: Level, count: int) -> dict[str, list[float]]:
    names = ("bare python", "open", "open → loaded", "call int", "call 1 MB", "kill and reap")
    times: dict[str, list[float]] = {name: [] for name in names}
    with Sandbox(level) as sandbox:
        for _ in range(count):
            timed(times["bare python"], bare_python)
            start = time.perf_counter()
            process = timed(times["open"], lambda: sandbox.open(SUBMISSION, "work"))
            assert loaded(process) == Returned(None)
            times["open → loaded"].append(time.perf_counter() - start)
            for name, value in (("call int", 1), ("call 1 MB", MEGABYTE)):
                call(process, "same", (value,))
                timed(times[name], lambda value=value, p=process: call(p, "same", (value,)))
            timed(times["kill and reap"], process.close)
    return times


def cpu_and_memory(level: Level, count: int) -> tuple[float, float]:
    """CPU milliseconds of open, load and kill, all processes together; PSS in MB of one."""
    with Sandbox(level) as sandbox:
        keep = [sandbox.open(SUBMISSION, "work") for _ in range(8)]
        pss = [_pss_mb(p.pid) for p in keep if call(p, "same", (MEGABYTE,))]
        for process in keep:
            process.close()
        before = os.times()
        zygote = _children_cpu(sandbox)
        for _ in range(count):
            with sandbox.open(SUBMISSION, "work") as process:
                loaded(process)
        after = os.times()
        own = after.user + after.system - before.user - before.system
        return 1e3 * (own + _children_cpu(sandbox) - zygote) / count, statistics.mean(pss)


def _children_cpu(sandbox: Sandbox) -> float:
    """CPU seconds of the zygote and of the children that it has reaped."""
    with sandbox.open(SUBMISSION, "work") as process:
        status = Path(f"/proc/{process.pid}/status").read_text()
    zygote = status.split("PPid:")[1].split()[0]
    fields = Path(f"/proc/{zygote}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _pss_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except PermissionError:  # only root may read it
        return float("nan")
    return int(text.split("Pss:")[1].split()[0]) / 1024


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    level = probe().level
    times = measure(level, count)
    bare = statistics.median(times["bare python"])
    print(f"isolation {level.word}, {count} processes")
    print(f"{'':16}{'median ms':>10}{'p95 ms':>10}{'× python':>10}")
    for name, seconds in times.items():
        middle, late = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
        print(f"{name:16}{1e3 * middle:10.2f}{1e3 * late:10.2f}{middle / bare:10.2f}")
    cpu, pss = cpu_and_memory(level, count)
    print(f"{'CPU per process':16}{cpu:10.2f} ms{'':9}{cpu / 1e3 / bare:8.2f}")
    print(f"{'PSS per process':16}{pss:10.1f} MB")


if __name__ == "__main__":
    main()
