"""Fixtures for robots of classes."""

import pytest

from beepsim.robots.watchdog import WATCHDOG


@pytest.fixture
def arena():
    """Arena(...), closed at the end; no battle is left watched."""
    from arena import Arena

    users = WATCHDOG.users
    made = []

    def make(*classes, **settings):
        made.append(Arena(*classes, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert WATCHDOG.users == users
