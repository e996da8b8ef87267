"""Limits of time and memory: what they do to a process, and what its last words say."""

import signal
import subprocess
import sys

import numpy as np
import pytest

from beepsim import limits
from beepsim.limits import STATM, memory_limit, place_of_report, time_limit

REPORT = f"""Thread 0x00007f64bc2c06c0 (most recent call first):
  File "/home/me/bots/other.py", line 1 in wait

Current thread 0x00007f64bcfdcb80 (most recent call first):
  File "{np.__file__}", line 12 in dot
  File "/home/me/bots/slow bot.py", line 34 in <lambda>
  File "/home/me/bots/slow bot.py", line 56 in run
  File "{limits.__file__}", line 78 in time_limit
  File "<frozen runpy>", line 90 in _run_code
"""


def test_the_place_is_the_innermost_frame_in_a_bots_file_of_the_main_thread():
    assert place_of_report(REPORT) == "/home/me/bots/slow bot.py, line 34, in <lambda>"


def test_where_no_bot_stands_the_innermost_frame_is_told():
    without = "".join(line for line in REPORT.splitlines(True) if "/home" not in line)
    assert place_of_report(without) == f"{np.__file__}, line 12, in dot"
    assert place_of_report("") is None and place_of_report("Current thread 0x1 (most recent call first):\n") is None


@pytest.mark.parametrize(
    "call", ["spin()", "thread = threading.Thread(target=spin, daemon=True); thread.start(); thread.join()"]
)
def test_who_takes_too_long_is_ended_wherever_it_is(call):
    program = f"""
import threading
from beepsim.limits import time_limit

def spin():
    with time_limit(0.2):
        while True:
            pass

with time_limit(100.0), time_limit(None):
    pass
{call}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGALRM and "in spin" in done.stderr


def test_who_is_in_time_goes_on():
    with time_limit(100.0, report=sys.__stderr__.fileno()):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 90.0
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0.0


@pytest.mark.skipif(not STATM.exists(), reason="memory is limited on Linux only")
def test_memory_is_limited_within_the_block_only():
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    size = 400 << 20
    with memory_limit(600):
        assert len(bytearray(size)) == size
    with pytest.raises(MemoryError), memory_limit(200):
        bytearray(size)
    with memory_limit(None):
        assert len(bytearray(size)) == size
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
