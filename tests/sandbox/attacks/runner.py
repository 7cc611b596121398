"""Attacks on the trusted code in the same process: its frames, its modules, its socket."""

import atexit
import builtins
import ctypes
import gc
import os
import signal
import struct
import sys
import threading
import time

wire = sys.modules["_shardlab.wire"]
arrays = sys.modules.get("_shardlab.arrays")


def _runner():
    return next(o for o in gc.get_objects() if type(o).__name__ == "Runner")


def _send(message):
    for part in wire.encode(message):
        os.write(3, part)


def secrets(env):
    """Everything reachable in memory: the host's strings must not be among it."""
    needle = env["secret"][::-1]  # turned round, so that this argument is no hit itself
    found = []
    frame = sys._getframe(1)
    while frame is not None:
        found += [name for name, value in frame.f_locals.items() if value == needle]
        frame = frame.f_back
    found += [repr(o)[:80] for o in gc.get_objects() if isinstance(o, (list, tuple)) and needle in o]
    loaded = [m for m in sys.modules if m.split(".")[0] in ("grader", "pytest", "solutions", "tests")]
    return found + loaded + [a for a in sys.argv if a]


def forge_own_reply(env):
    """Possible, and worth nothing: a value of one's own call is one's own to choose."""
    _send(["returned", _runner()._nonce, "forged", []])
    time.sleep(60)


def forge_next_reply(env):
    """An answer in advance, to a call whose nonce can't be known yet."""
    _send(["returned", _runner()._nonce + 1, "forged", []])
    time.sleep(60)


def answer_twice(env):
    _send(["returned", _runner()._nonce, "first", []])
    return "second"


def answer_late(env):
    """A thread that waits for the next call's nonce and answers in its place."""
    runner, before = _runner(), _runner()._nonce

    def wait():
        while runner._nonce == before:
            time.sleep(0.001)
        _send(["returned", runner._nonce, "forged", []])

    threading.Thread(target=wait, daemon=True).start()
    return []


def leftover_bytes(env):
    """Half a frame behind the answer, to spoil the next one."""
    signal.signal(signal.SIGALRM, lambda *_: os.write(3, b"SLW1\0"))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    return []


def verdict(env):
    """Fields that a careless grader would believe."""
    return {"passed": True, "score": 100, "outcome": "Returned", "verdict": "passed"}


def forge_verdict(env):
    _send(["passed", _runner()._nonce, 100])
    time.sleep(60)


def forge_exception_types(env):
    _send(["raised", _runner()._nonce, [["nested"], 3], "m", []])
    time.sleep(60)


def forge_line(env):
    _send(["raised", _runner()._nonce, ["E"], "m", [[10**9, "f"]]])
    time.sleep(60)


def forge_array_for_a_kind(env):
    import numpy

    _send([numpy.array(["returned"] and [1, 2]), _runner()._nonce, 0, []])
    time.sleep(60)


def forge_array_for_a_nonce(env):
    import numpy

    _send(["returned", numpy.full(2, _runner()._nonce), 0, []])
    time.sleep(60)


def forge_long_labels(env):
    _send(["returned", _runner()._nonce, 0, ["\x1b[2J" * 1000] * 100])
    time.sleep(60)


def forge_upcall(env):
    """An upcall that no service made: nobody answers it here, or the service judges it."""
    _send(["upcall", _runner()._nonce, "all_reduce\x1b[2J", ()])
    time.sleep(60)


def forge_upcall_of_another_shape(env):
    _send(["upcall", _runner()._nonce, "all_reduce", {"not": "a tuple"}])
    time.sleep(60)


def flood_upcalls(env):
    nonce = _runner()._nonce
    while True:
        _send(["upcall", nonce, "barrier", ()])


def service_reference(env):
    """A reference sent to the host, where none may be resolved."""
    _send(["returned", _runner()._nonce, wire.ServiceRef("echo", {}), []])
    time.sleep(60)


def garbage(env):
    os.write(3, os.urandom(4096))
    time.sleep(60)


def huge_header(env):
    os.write(3, struct.pack("<4sIQ", b"SLW1", 0xFFFFFFFF, 0))
    time.sleep(60)


def huge_body(env):
    os.write(3, struct.pack("<4sIQ", b"SLW1", 2, 1 << 62))
    time.sleep(60)


def many_nodes(env):
    header = b"\xdd" + struct.pack(">I", 1_900_000) + b"\x90" * 1_900_000
    view = memoryview(struct.pack("<4sIQ", b"SLW1", len(header), 0) + header)
    while view:
        view = view[os.write(3, view) :]
    time.sleep(60)


def hash_collisions(env):
    wire.MAX_NODES = 10**9
    value = {((1 << 61) - 1) * (n + 1) for n in range(3000)}
    reply = {n: {((1 << 61) - 1) * (k + 1) for k in range(1500)} for n in range(30)}
    return [reply, value]


def drip(env):
    """One byte at a time: each is progress, none may extend the deadline."""
    for byte in b"".join(wire.encode(["returned", _runner()._nonce, "slow", []])):
        os.write(3, bytes([byte]))
        time.sleep(0.1)


def close_the_line(env):
    os.close(3)
    time.sleep(60)


def close_everything(env):
    os.closerange(0, 4096)
    time.sleep(60)


def replace_the_line(env):
    """Another file in place of the socket."""
    import socket

    near, far = socket.socketpair()
    os.dup2(near.fileno(), 3)
    globals()["keep"] = near, far
    return "into the void"


def eat_requests(env):
    os.set_blocking(3, False)
    return []


def patch_modules(env):
    for name in list(sys.modules):
        if name.startswith("_shardlab"):
            for key, value in list(vars(sys.modules[name]).items()):
                if callable(value):
                    setattr(sys.modules[name], key, lambda *a, **k: None)
    import json
    import msgspec
    import socket

    json.loads = json.dumps = msgspec.msgpack.encode = msgspec.msgpack.decode = lambda *a: None
    socket.socket.sendall = lambda *a: None
    return []


def patch_builtins(env):
    for name in ("len", "type", "isinstance", "getattr", "list", "tuple", "dict", "map", "zip"):
        setattr(builtins, name, lambda *a, **k: 0)
    return []


def empty_modules(env):
    sys.modules.clear()
    sys.path.clear()
    return []


def hide_mutation(env):
    """A snapshot that says nothing: it can hide a mutation, never claim a value."""
    sys.modules["_shardlab.mutation"].Snapshot.mutated = lambda self: []
    return []


def watch_runner(env):
    def spy(frame, event, arg):
        if frame.f_code.co_name == "_reply":
            os._exit(9)

    sys.setprofile(spy)
    threading.setprofile(spy)
    return []


def trace_runner(env):
    sys.settrace(lambda frame, *_: frame.f_locals.clear())
    sys.addaudithook(lambda event, args: 1 / 0)
    return []


def scribble(env):
    """Zeros over the interpreter's own memory."""
    ctypes.memset(id(_runner()), 0, 4096)
    gc.collect()
    return []


def scribble_types(env):
    for kind in (int, str, list, dict):
        ctypes.memset(id(kind), 0xFF, 64)
    return []


def deep_recursion(env):
    sys.setrecursionlimit(10**9)

    def down(n):
        return [down(n + 1)]

    return down(0)


def native_recursion(env):
    value = ()
    for _ in range(10**6):
        value = (value,)
    return hash(value)


def exit_hooks(env):
    def late():
        while True:
            pass

    atexit.register(late)
    sys.exit(0)


def exit_hooks_in_native_code(env):
    os._exit = sys.exit
    raise SystemExit(0)


def replace_streams(env):
    class Stream:
        def flush(self):
            raise SystemExit("flush")

        write = None

    sys.stdout = sys.stderr = Stream()
    return []


def endless_flush(env):
    class Stream:
        def flush(self):
            while True:
                pass

    sys.stdout = Stream()
    return []


def interrupt_runner(env):
    """A signal handler that raises in the middle of the trusted code."""

    def handler(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    return []


def uncollectable(env):
    class Spin:
        def __del__(self):
            while True:
                pass

    return [Spin()] and None


def interpreter_threads(env):
    """A thread that holds the interpreter for good once the answer is out."""
    sys.setswitchinterval(3600)
    threading.Thread(target=lambda: sum(range(10**12)), daemon=True).start()
    return []
