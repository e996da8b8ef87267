"""Settings that hold for every test."""

import os
import signal
import sys

import pytest
from hypothesis import settings

settings.register_profile("everywhere", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "everywhere")


@pytest.fixture(autouse=True)
def nobody_is_watched():
    """A robot that a test leaves open would keep the watchdog's hand on Ctrl-C for the tests that follow."""
    yield
    module = sys.modules.get("beepsim.robots.watchdog")
    assert module is None or module.WATCHDOG.users == 0


@pytest.fixture
def ctrl_c():
    """Its signal as a terminal has it; where tests run in the background it may be ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
