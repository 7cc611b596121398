"""Attacks on the host's time and memory: loops that no signal ends, and memory without bound."""

import ctypes
import mmap
import re
import signal
import threading
import time

import numpy as np


def spin(env):
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True:
        pass


def spin_in_c(env):
    return sum(range(10**13))


def spin_in_a_regular_expression(env):
    return bool(re.match(r"(a+)+$", "a" * 64 + "b"))


def spin_in_a_power(env):
    return (10 ** 10**9) % 7


def spin_in_numpy(env):
    x = np.ones((4000, 4000))
    while True:
        x @ x


def spin_in_threads(env):
    threads = [threading.Thread(target=spin_in_c, args=(env,), daemon=True) for _ in range(20)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]


def sleep(env):
    time.sleep(10**6)


def deadlock(env):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def swallow_everything(env):
    while True:
        try:
            time.sleep(1)
        except BaseException:
            pass


def take_8_gb(env):
    return np.ones(8 << 30, "u1")


def take_many_pieces(env):
    keep = []
    while True:
        keep.append(bytearray(1 << 20))


def take_shared_memory(env):
    keep = []
    while True:
        keep.append(mmap.mmap(-1, 64 << 20))
        keep[-1].write(b"x" * (64 << 20))


def take_memory_in_threads(env):
    def take():
        keep = []
        while True:
            keep.append(np.ones(1 << 20, "u1"))

    threads = [threading.Thread(target=take) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return "gave up"


def take_memory_in_c(env):
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while block := libc.malloc(ctypes.c_size_t(1 << 20)):
        ctypes.memset(ctypes.c_void_p(block), 1, 1 << 20)
    return "refused"


def grow_the_heap(env):
    libc = ctypes.CDLL(None)
    while libc.brk(ctypes.c_void_p(libc.sbrk(0) + (64 << 20))) == 0:
        pass
    return "refused"


def memory_error_swallowed(env):
    keep = []
    while True:
        try:
            keep.append(np.ones(1 << 20, "u1"))
        except MemoryError:
            pass
