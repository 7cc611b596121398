"""Makes a trace on a student's own machine: two processes, real torch, real collectives."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from grader.evidence import Capture, Challenge, command_of
from grader.evidence.format import Array, write_trace

from .header import Header, Rank, Run
from .task import CONFIG, WORLD_SIZE

SECONDS = 300.0  # for both ranks, torch's import included
_POLL_S = 0.05
_STILL_S = 3.0  # nothing has changed for so long: say where the ranks are
# With these a right run is none: another allocator or its rounding, products in TF32 (which some
# container images turn on for all).
_NOT_TAKEN_OVER = {
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_NO_CUDA_MEMORY_CACHING",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "NVIDIA_TF32_OVERRIDE",
}
_SHOWN_LINES = 6


class Order(msgspec.Struct, frozen=True):
    """What one rank is to do; `gpu` is -1 for a CPU rank."""

    file: str
    lab: str
    nonce: str
    rank: int
    gpu: int
    backend: str
    folder: str
    parent: int  # the process without which a rank has nothing to do

    @property
    def where(self) -> Path:
        """The file in which the rank says where it is."""
        return Path(self.folder, f"rank{self.rank}.where")

    @property
    def store(self) -> str:
        """The file through which the ranks find each other; no port is opened for it."""
        return str(Path(self.folder, "store"))


class Where(msgspec.Struct, frozen=True):
    """Where a rank is: in which call, or in none, and at which line of the student's file.

    `waits` says that it can't go on before the other rank comes to the same call.
    """

    call: str
    line: str = ""
    waits: bool = False

    def __str__(self) -> str:
        return f"{'waits in ' * self.waits}{self.call}{f' ({self.line})' * bool(self.line)}"


@dataclass(frozen=True)
class Way:
    """How two ranks can run here, and what a trace of it shows and does not."""

    gpus: tuple[int, int]
    backend: str
    meaning: str

    @property
    def on_gpu(self) -> bool:
        return self.gpus[0] >= 0


TWO_GPUS = Way((0, 1), "nccl", "two GPUs, NCCL: split, sums, memory and times are real.")
ONE_GPU = Way(
    (0, 0), "gloo",
    "two ranks on one GPU, gloo: split, sums and memory are real, the bandwidth is not: "
    "nothing crosses a link.",
)  # fmt: skip
CPU = Way(
    (-1, -1), "gloo",
    "two CPU ranks, gloo: split and sums are real. Memory as a GPU's allocator counts it "
    "can't be seen, so the item on memory stays open.",
)  # fmt: skip


def best_way() -> Way:
    """Two GPUs, else one, else the CPU; found in a process of its own, torch being large."""
    code = "import torch; print(torch.cuda.device_count() if torch.cuda.is_available() else 0)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=SECONDS
    )
    last = found.stdout.strip().rpartition("\n")[2]
    return (CPU, ONE_GPU, TWO_GPUS)[min(int(last) if last.isdigit() else 0, 2)]


def capture(
    file: Path,
    challenge: Challenge,
    way: Way,
    on_stage: Callable[[str], None] = lambda _: None,
    *,
    seconds: float = SECONDS,
) -> Capture:
    """Runs the file on two ranks over the challenge. Both processes have ended on return.

    A problem is what the file raised, and on which rank.
    """
    with TemporaryDirectory(prefix="shardlab-capture-") as folder:
        problem = _run_ranks(file, challenge, way, Path(folder), on_stage, seconds)
        if problem:
            return Capture(problem=problem)
        return Capture(_assembled(Path(folder), challenge))


def _run_ranks(
    file: Path,
    challenge: Challenge,
    way: Way,
    folder: Path,
    on_stage: Callable[[str], None],
    seconds: float,
) -> str:
    environment = {n: v for n, v in os.environ.items() if n not in _NOT_TAKEN_OVER}
    environment["OMP_NUM_THREADS"] = "1"
    if sys.platform == "linux":  # both ranks are on this machine, whatever its name resolves to
        environment.setdefault("GLOO_SOCKET_IFNAME", "lo")
    processes = []
    try:
        for rank in range(WORLD_SIZE):
            order = Order(str(file.resolve()), challenge.lab, challenge.nonce, rank,
                          way.gpus[rank], way.backend, str(folder), os.getpid())  # fmt: skip
            text = msgspec.json.encode(order).decode()
            command = command_of(__file__, "rank", text)
            with (folder / f"rank{rank}.log").open("wb") as log:
                processes.append(subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    env=environment, start_new_session=True,
                ))  # fmt: skip
        return _watch(processes, folder, on_stage, time.monotonic() + seconds)
    finally:
        for process in processes:
            with suppress(
                ProcessLookupError, PermissionError
            ):  # the rank leads a session: what it started, too
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _watch(
    processes: list["subprocess.Popen[bytes]"],
    folder: Path,
    on_stage: Callable[[str], None],
    deadline: float,
) -> str:
    """Waits for both; the problem of the first that fails, else nothing."""
    shown = ""
    standing = _Standing(folder)
    while time.monotonic() < deadline:
        stage = folder / "stage"
        if stage.exists() and (text := stage.read_text()) not in ("", shown):
            shown = text
            on_stage(text)
        codes = [process.poll() for process in processes]
        for rank, code in enumerate(codes):
            if code:
                return f"rank {rank} ended with code {code}:\n{_last_lines(folder, rank)}"
        if all(code == 0 for code in codes):
            return ""
        if standing.look(time.monotonic()):
            if standing.for_ever:
                return f"the ranks wait for each other, for ever: {standing.told}"
            on_stage(f"no rank has come further for {_STILL_S:g} s: {standing.told}")
        time.sleep(_POLL_S)
    return f"no end within the time: {standing.told or 'the ranks did not begin'}"


@dataclass
class _Standing:
    """Notices when no rank has come to another call for some seconds."""

    folder: Path
    _ranks: list[Where] = field(default_factory=list)
    _since: float = 0.0
    _seen: bool = True

    def look(self, now: float) -> bool:
        """Whether all have stood still for some seconds; once for each time that they do."""
        before, self._ranks = self._calls, self._read()
        if self._calls != before:
            self._since, self._seen = now, not any(e.waits or e.line for e in self._ranks)
        elif not self._seen and now - self._since >= _STILL_S:
            self._seen = True
            return True
        return False

    @property
    def _calls(self) -> list[tuple[str, bool]]:
        """All but the lines, which change in a loop; a line at all is the student's own."""
        return [(each.call, bool(each.waits or each.line)) for each in self._ranks]

    @property
    def for_ever(self) -> bool:
        """Whether all wait, and not in the same call."""
        return all(each.waits for each in self._ranks) and len({e.call for e in self._ranks}) > 1

    @property
    def told(self) -> str:
        return "; ".join(f"rank {rank} {where}" for rank, where in enumerate(self._ranks))

    def _read(self) -> list[Where]:
        """Where each is; nothing before all have begun."""
        files = [self.folder / f"rank{rank}.where" for rank in range(WORLD_SIZE)]
        if not all(each.exists() for each in files):
            return []
        return [msgspec.json.decode(each.read_bytes(), type=Where) for each in files]


def _last_lines(folder: Path, rank: int) -> str:
    text = (folder / f"rank{rank}.log").read_text("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip() and "[W" not in line[:3]]
    return "\n".join(lines[-_SHOWN_LINES:])


def _assembled(folder: Path, challenge: Challenge) -> bytes:
    run = msgspec.json.decode((folder / "run.json").read_bytes(), type=Run)
    ranks: list[Rank] = []
    tensors: dict[str, Array] = {}
    for rank in range(WORLD_SIZE):
        with np.load(folder / f"rank{rank}.npz", allow_pickle=False) as saved:
            found = {name: saved[name] for name in saved.files}
        ranks.append(msgspec.json.decode(found.pop("_rank").tobytes(), type=Rank))
        tensors |= found
    header = Header(
        format="shardlab-trace",
        version=1,
        origin="captured",
        lab=challenge.lab,
        nonce=challenge.nonce,
        config=CONFIG.as_dict(),
        run=run,
        ranks=tuple(ranks),
        tensors=(),
    )
    return write_trace(header, tensors)
