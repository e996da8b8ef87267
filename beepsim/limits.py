"""Limits of time and of memory for a job, kept by the operating system: so they also hold in compiled code.

Both hold in any process with one thread of work, whoever started it.
"""

import faulthandler
import re
import signal
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

MEBIBYTE = 1 << 20
STATM = Path("/proc/self/statm")  # sizes of this process in pages; Linux only
DATA = 5  # the place of private writable memory and stack among them, which is what RLIMIT_DATA counts
FRAME = re.compile(r'  File "(.*)", line (\d+) in (.*)')
NOT_OF_BOTS = tuple(  # folders, of the code around a bot's
    {str(Path(__file__).parent)} | {sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}
)


@contextmanager
def time_limit(seconds: float | None, report: int | IO[str] | None = None) -> Iterator[None]:
    """Ends this process by SIGALRM if the block takes longer, wherever it is, also in C code that never returns.

    Where every thread stood is written to `report`, a file or its descriptor (default: standard error). One block at a
    time: the process has one such clock. None: no limit.
    """
    if seconds is None:
        yield
        return
    file = sys.stderr if report is None else report
    faulthandler.register(signal.SIGALRM, file, all_threads=True, chain=True)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        faulthandler.unregister(signal.SIGALRM)  # the block may have put another handler there: the next one has ours


@contextmanager
def memory_limit(mebibytes: int | None) -> Iterator[None]:
    """Within the block this process can allocate so much beyond what it has; then comes MemoryError.

    None, and where the system does not count memory as Linux does: no limit.
    """
    if mebibytes is None or not STATM.exists():
        yield
        return
    import resource  # which Windows lacks

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = int(STATM.read_text().split()[DATA]) * resource.getpagesize() + mebibytes * MEBIBYTE
    lower = [other for other in (soft, hard) if other != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([limit, *lower]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def place_of_report(report: str) -> str | None:
    """Where the main thread stood: "FILE, line N, in NAME" of the innermost frame in a bot's file, else of any file."""
    _, _, thread = report.partition("Current thread")
    frames = FRAME.findall(thread.partition("\n\n")[0])
    if not frames:
        return None
    of_bots = [frame for frame in frames if not frame[0].startswith((*NOT_OF_BOTS, "<"))]
    file, line, name = (of_bots or frames)[0]
    return f"{file}, line {line}, in {name}"
