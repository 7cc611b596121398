"""What all attacks share: a list of what was reached, which must stay empty."""

import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)


class Reached(list):
    def attempt(self, label, action, *args):
        """Note `label` if the action goes through."""
        try:
            value = action(*args)
        except BaseException:
            return None
        self.append(f"{label}: {value!r:.80}")
        return value

    def syscall(self, label, number, *args):
        ctypes.set_errno(0)
        result = libc.syscall(ctypes.c_long(number), *args)
        if result >= 0:
            self.append(f"{label}: {result}")
        return result, errno.errorcode.get(ctypes.get_errno(), "")


def read(path, size=80):
    with open(path, "rb") as file:
        return file.read(size)


def write(path):
    with open(path, "wb") as file:
        return file.write(b"pwned")


def names(folder):
    return os.listdir(folder)
