"""Robocode's own recordings against the trace of the same battle, to the precision of each form."""

import numpy as np
import pytest
from robocode_samples import BINARY, LONG, SHORT, angle_between, recorded, traced

from beepsim.recording.columns import RECORDED_BULLET, RECORDED_ROBOT
from beepsim.recording.format import Recording, RobotEntry, check_recording, read_recording, write_recording
from beepsim.waves.table import extract_waves

FORMS = [BINARY, LONG, SHORT]
HALF_A_DIGIT = 0.5e-4
"""The short form rounds to four decimals."""
ids = [path.name.partition(".")[2] for path in FORMS]


@pytest.mark.parametrize("path", [BINARY, LONG], ids=ids[:2])
def test_robots_are_those_of_the_trace(path):
    robots, _, _, _ = traced()
    found = recorded(path).robots
    assert found.dtype == RECORDED_ROBOT and len(found) == 5116
    for name in RECORDED_ROBOT.names:
        np.testing.assert_array_equal(found[name], robots[name].astype(RECORDED_ROBOT[name]), name)


def test_robots_of_the_short_form_are_rounded():
    robots, _, _, _ = traced()
    found = recorded(SHORT).robots
    assert len(found) == len(robots)
    for name in RECORDED_ROBOT.names:
        # Half a digit, and the single precision of the columns: 2^-15 px from 512 px on.
        tolerance = HALF_A_DIGIT * 1.001 + np.abs(robots[name]) * 2.0**-23
        is_near = np.abs(found[name].astype(float) - robots[name]) <= tolerance
        assert is_near.all(), name
    np.testing.assert_array_equal(found["state"], robots["state"])


@pytest.mark.parametrize("path", FORMS, ids=ids)
def test_bullets_are_those_of_the_trace(path):
    _, bullets, _, _ = traced()
    found = recorded(path).bullets
    assert found.dtype == RECORDED_BULLET
    assert set(found["state_last"]) == {2, 3, 4}  # hit a robot, a bullet, the wall
    for name in ("round", "bullet", "owner", "power", "turn_first", "turn_last", "state_last", "victim"):
        np.testing.assert_array_equal(found[name], bullets[name], name)
    angles = angle_between(found["heading"], bullets["heading"])
    assert angles.max() <= {BINARY: 0.0, LONG: 1e-14, SHORT: 1e-6}[path]
    for name in ("x_first", "y_first", "x_last", "y_last"):
        if path == SHORT:
            # Where a bullet hit a robot three rounded coordinates meet: its own, and the robot's two.
            rounded = np.where(found["state_last"] == 2, 3, 1) * HALF_A_DIGIT
            assert (np.abs(found[name] - bullets[name]) <= rounded + np.abs(bullets[name]) * 2.0**-23).all(), name
        else:
            np.testing.assert_array_equal(found[name], bullets[name].astype("f4"), name)


@pytest.mark.parametrize("path", FORMS, ids=ids)
def test_rounds_are_those_of_the_trace(path):
    _, _, rounds, totals = traced()
    found = recorded(path)
    for name in rounds.dtype.names:
        tolerance = HALF_A_DIGIT if path == SHORT else 0.0
        np.testing.assert_allclose(found.rounds[name], rounds[name], rtol=0, atol=tolerance, err_msg=name)
    assert found.rounds["place"].tolist() == [1, 2, 1, 2]
    assert found.rounds["survival"].sum() == 100 and found.rounds["last_survivor_bonus"].sum() == 20
    for result, total in zip(found.header.results, totals, strict=True):
        assert result.total == pytest.approx(total["totalScore"], abs=1e-9)
        assert result.bullet_kill_bonus == pytest.approx(total["totalBulletKillBonus"], abs=1e-9)
        assert result.ram_damage == pytest.approx(total["totalRammingDamageScore"], abs=1e-9)


@pytest.mark.parametrize("path", FORMS, ids=ids)
def test_header_and_file(path, tmp_path):
    recording = recorded(path)
    header = recording.header
    assert header.robots == (RobotEntry("sample.Walls", "", ""), RobotEntry("sample.SpinBot", "", ""))
    rules = header.rules
    assert (rules.width, rules.height, rules.gun_cooling_rate) == (800, 600, 0.1)
    assert (rules.inactivity_time, rules.num_rounds, rules.hide_enemy_names) == (450, 2, False)
    assert (header.seed, header.source, len(header.origin)) == (None, "robocode", 16)
    check_recording(recording, "here")
    write_recording(tmp_path / "a.battle", recording)
    again = read_recording(tmp_path / "a.battle")
    assert again.header == header
    for name in ("robots", "bullets", "rounds"):
        np.testing.assert_array_equal(getattr(again, name), getattr(recording, name))


@pytest.mark.parametrize("shooter", [0, 1])
def test_waves_are_those_of_the_trace(shooter):
    robots, bullets, rounds, _ = traced()
    trace = Recording(recorded(BINARY).header, robots.astype(RECORDED_ROBOT), bullets.astype(RECORDED_BULLET), rounds)
    expected = extract_waves(trace, shooter).rows
    assert len(expected) > 1900 and np.count_nonzero(expected["real"]) == [34, 32][shooter]
    for path, tolerance in ((BINARY, 0.0), (LONG, 1e-12), (SHORT, 2e-3)):
        rows = extract_waves(recorded(path), shooter).rows
        assert len(rows) == len(expected)
        for name in rows.dtype.names:
            exact = rows.dtype[name].kind in "iub"
            np.testing.assert_allclose(
                rows[name], expected[name], rtol=0 if exact else tolerance, atol=0 if exact else tolerance, err_msg=name
            )
