"""The system calls that submitted code may make: an allow-list, with their numbers.

Each entry is `name x86_64 aarch64`, `-` where an architecture lacks the call. What is not
listed is refused; `seccomp` says how. Not listed is what tells of other processes, too: a lock
on a library's file, what of it is cached, or how many threads the machine runs would be a way
from rank to rank past the log of collectives. The numbers are those of the kernel's
`asm/unistd_64.h` and `asm-generic/unistd.h`, which never change once given.
"""

import platform

_FREE = """
# files that are open
read 0 63; write 1 64; readv 19 65; writev 20 66; pread64 17 67; pwrite64 18 68; preadv 295 69;
pwritev 296 70; lseek 8 62; close 3 57; dup 32 23; dup2 33 -; dup3 292 24;
fstat 5 80; ftruncate 77 46; fallocate 285 47; fsync 74 82; fdatasync 75 83;
close_range 436 436; sendfile 40 71; copy_file_range 326 285
# names in the file system, which Landlock rules
open 2 -; openat 257 56; stat 4 -; lstat 6 -; newfstatat 262 79; statx 332 291; access 21 -;
faccessat 269 48; faccessat2 439 439; readlink 89 -; readlinkat 267 78; getcwd 79 17;
chdir 80 49; fchdir 81 50; getdents64 217 61; mkdir 83 -; mkdirat 258 34; rmdir 84 -;
unlink 87 -; unlinkat 263 35; rename 82 -; renameat 264 38; renameat2 316 276; symlink 88 -;
symlinkat 266 36; truncate 76 45; umask 95 166; statfs 137 43; fstatfs 138 44
# memory
mmap 9 222; mprotect 10 226; munmap 11 215; mremap 25 216; brk 12 214; madvise 28 233;
msync 26 227
# threads and locks
futex 202 98; set_robust_list 273 99; get_robust_list 274 100; set_tid_address 218 96;
rseq 334 293; membarrier 324 283; sched_yield 24 124; sched_getaffinity 204 123;
arch_prctl 158 -; gettid 186 178; restart_syscall 219 128; getcpu 309 168; exit 60 93;
exit_group 231 94
# signals to oneself
rt_sigaction 13 134; rt_sigprocmask 14 135; rt_sigreturn 15 139; rt_sigpending 127 136;
rt_sigsuspend 130 133; rt_sigtimedwait 128 137; sigaltstack 131 132; pause 34 -
# time
nanosleep 35 101; clock_nanosleep 230 115; clock_gettime 228 113; clock_getres 229 114;
gettimeofday 96 169; time 201 -; times 100 153; getitimer 36 102; setitimer 38 103; alarm 37 -
# what one is
getpid 39 172; getppid 110 173; getuid 102 174; geteuid 107 175; getgid 104 176;
getegid 108 177; getresuid 118 148; getresgid 120 150; getgroups 115 158; getpgrp 111 -;
getpgid 121 155; getsid 124 156; getrusage 98 165; getrlimit 97 163; getpriority 140 141;
uname 63 160; capget 125 90; getrandom 318 278
# waiting, pipes, and the one socket
poll 7 -; ppoll 271 73; select 23 -; pselect6 270 72; epoll_create 213 -; epoll_create1 291 20;
epoll_ctl 233 21; epoll_wait 232 -; epoll_pwait 281 22; pipe 22 -; pipe2 293 59; eventfd 284 -;
eventfd2 290 19; sendto 44 206; recvfrom 45 207; shutdown 48 210; getsockopt 55 209;
setsockopt 54 208; getsockname 51 204; getpeername 52 205; wait4 61 260; waitid 247 95
"""

# Safe only where the process sees no other process, or can't reach one by a signal.
_SIGNALS = """
# signals to others
kill 62 129; tkill 200 130; tgkill 234 131
"""

# Landlock does not rule metadata: safe only where nothing but the scratch is writable at all.
_METADATA = """
# metadata
chmod 90 -; fchmod 91 52; fchmodat 268 53; utimensat 280 88; link 86 -; linkat 265 37
"""

# Decided by an argument.
_RULED = """
# ruled by an argument
clone 56 220; clone3 435 435; fcntl 72 25; ioctl 16 29; prctl 157 167; prlimit64 302 261;
socketpair 53 199
"""

# The highest number that these lists were read against: beyond it a call is new to us.
NEWEST = 451

_COLUMN = {"x86_64": 1, "aarch64": 2, "arm64": 2}.get(platform.machine(), 0)


def _numbers(table: str) -> dict[str, int]:
    lines = (line for line in table.splitlines() if not line.startswith("#"))
    cells = (cell.split() for line in lines for cell in line.split(";") if cell.strip())
    return {cell[0]: int(cell[_COLUMN]) for cell in cells if _COLUMN and cell[_COLUMN] != "-"}


FREE = _numbers(_FREE)
SIGNALS = _numbers(_SIGNALS)
METADATA = _numbers(_METADATA)
RULED = _numbers(_RULED)
