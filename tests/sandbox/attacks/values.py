"""Attacks by what is returned, raised or printed."""

import os
import sys
from fractions import Fraction

import numpy as np


class LyingArray(np.ndarray):
    shape = property(lambda self: (10**9,))
    dtype = property(lambda self: np.dtype("O"))
    __class__ = property(lambda self: np.ndarray)

    def tobytes(self, *args):
        return b"lies"

    def __eq__(self, other):
        return True

    def __reduce__(self):
        return os._exit, (0,)


def lying_array(env):
    return np.arange(3.0).view(LyingArray)


class Impostor:
    __class__ = property(lambda self: np.ndarray)
    dtype = np.dtype("f8")
    shape = (3,)
    __array_interface__ = {"shape": (1 << 40,), "typestr": "<f8", "data": (1, False), "version": 3}

    def __array__(self, *args, **kwargs):
        return np.zeros(3)

    def __reduce__(self):
        return os.system, ("true",)

    def __eq__(self, other):
        return True

    def __iter__(self):
        while True:
            yield self


def impostor(env):
    return Impostor()


def equal_to_all(env):
    class Same(int):
        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

    return Same(3)


def lying_metaclass(env):
    class Meta(type):
        __mro__ = property(lambda cls: (int,))
        __qualname__ = property(lambda cls: 1 / 0)
        __module__ = "numpy"

        def __eq__(cls, other):
            return True

        __hash__ = type.__hash__

    class Odd(metaclass=Meta):
        pass

    return Odd()


def foreign_memory(env):
    """An array over memory that is not the process's to read."""
    import ctypes

    return np.ctypeslib.as_array(ctypes.cast(0x1000, ctypes.POINTER(ctypes.c_double)), (10,))


def changing_list(env):
    class Growing(list):
        def __iter__(self):
            while True:
                yield 1

    return Growing([1])


def object_array(env):
    return np.array([object(), {}], dtype=object)


def huge_array(env):
    return np.lib.stride_tricks.as_strided(np.zeros(1), (1 << 40,), (0,))


def huge_integer(env):
    return 1 << (1 << 24)


def evil_fraction(env):
    class Odd(Fraction):
        numerator = property(lambda self: "x")
        denominator = property(lambda self: 0)

    return Odd(1, 2)


def cycle(env):
    value = {}
    value["self"] = [value]
    return value


def many(env):
    return [[] for _ in range(10**6)]


def terminal_escapes(env):
    print("\x1b]0;owned\x07\x1b[2J\x9b31m\u202e", end="")
    raise ValueError("\x1b[2J\x1b]52;c;cHduZWQ=\x07\u202eevil\x00\r\b")


def long_message(env):
    raise ValueError("x" * 10**8)


def unprintable(env):
    class Odd(Exception):
        def __str__(self):
            raise SystemExit

        __repr__ = __str__

    raise Odd


def text_that_is_no_text(env):
    class Text(str):
        def __getitem__(self, key):
            return self

        def __len__(self):
            return -1

        def encode(self, *args):
            return object()

    class Odd(Exception):
        def __str__(self):
            return Text("\ud800" * 10)

    raise Odd


def exception_that_lies(env):
    class Meta(type):
        def __getattribute__(cls, name):
            if name in ("__name__", "__mro__"):
                raise KeyboardInterrupt
            return super().__getattribute__(name)

    class Odd(Exception, metaclass=Meta):
        @property
        def __traceback__(self):
            raise SystemExit

        def __getattribute__(self, name):
            raise MemoryError

    raise Odd


def chained_without_end(env):
    first = error = ValueError(0)
    for number in range(2000):
        error.__cause__ = ValueError(number)
        error = error.__cause__
    error.__cause__ = first
    raise first


def exception_groups(env):
    error = ValueError("x" * 1000)
    for _ in range(50):
        error = ExceptionGroup("g" * 1000, [error] * 50)
    raise error


def evil_syntax_error(env):
    class Line(int):
        def __index__(self):
            raise SystemExit

    error = SyntaxError("bad")
    error.filename, error.lineno, error.msg = __file__, Line(3), object()
    raise error


def flood_output(env):
    block = "y" * (1 << 20)
    while True:
        sys.stdout.write(block)


def flood_stderr(env):
    block = b"\xff" * 65536
    while True:
        os.write(2, block)


def print_forever_after_closing(env):
    os.close(1)
    os.close(2)
    while True:
        try:
            print("x")
        except OSError:
            pass
