"""Radar: which robots the beam of this turn has swept over.

Pixels, radians clockwise from north; inside, degrees as `java.awt.geom.Arc2D` counts them. Source:
`RobotPeer.performScan`, `Arc2D.intersects` (a pie of radius 1200), both evaluated in their order.
"""

import math

from beepsim.engine.energy import new_event
from beepsim.engine.rows import inner, other_robot, part
from beepsim.engine.state import DEAD, SCANNED_ROBOT
from beepsim.fdlibm import atan2, hypot, sin_cos
from beepsim.geometry import HALF_PI, PI, absolute_angle, box_meets_segment, relative_angle
from beepsim.javarandom import replay_shuffle, shuffled_range, skip_shuffle
from beepsim.jit import rarely
from beepsim.rules import BOT_WIDTH, RADAR_RANGE

TO_RADIANS, TO_DEGREES = 0.017453292519943295, 57.29577951308232
DIAMETER = 2.0 * RADAR_RANGE
OUT_OF_BOX = 26.0  # a line further from the centre of a box cannot meet it: half its diagonal is 25.5
DEEP_IN_BOX = 17.0  # a line nearer to the centre passes well through the box: half its width is 18
NEAR_BOX = 30.0
UNSEEN = math.inf  # instead of a bearing, in the scratch that a scan keeps in World.flights


@part
def scan_robots(world):
    """All robots in random order scan; dead ones only draw."""
    robots, order, random = world.robots, world.order, world.random
    count = world.battle[0].robot_count
    shuffled_range(random, order, count)
    for i in range(count):
        before = random[0]
        skip_shuffle(random, count)
        robot = robots[order[i]]
        if robot.state != DEAD:
            robot.radar_with_gun = False
            if robot.scan_requested:
                scan(world, robot, order[i], before)
                robot.radar_with_gun = (
                    robot.last_gun_heading == robot.last_radar_heading and robot.gun_heading == robot.radar_heading
                )
                robot.scan_requested = False


@part
def scan(world, robot, index, state):
    """Events for the robots seen, in the shuffled order drawn at `state`."""
    robots, count = world.robots, world.battle[0].robot_count
    start = robot.last_radar_heading
    sweep = robot.radar_heading - start
    if sweep < -PI:
        sweep = 2.0 * PI + sweep
    elif sweep > PI:
        sweep -= 2.0 * PI
    seen, last_seen, bearings = 0, index, world.flights
    is_melee = count > 3
    edges = edges_of(start, sweep) if is_melee else (0.0, 0.0, 0.0, 0.0)
    for step in range(1, count):
        index_other = other_robot(index, step, count)
        other = robots[index_other]
        bearings[index_other] = UNSEEN
        if other.state != DEAD and not (is_melee and is_outside(other.x - robot.x, other.y - robot.y, edges)):
            angle = atan2(other.x - robot.x, other.y - robot.y)
            if is_seen(robot, other, angle, start, sweep):
                seen += 1
                last_seen, bearings[index_other] = index_other, angle
    if seen == 1:
        report(world, robot, index, last_seen, bearings[last_seen])
    elif seen > 1:
        bearings[index] = UNSEEN
        replay_shuffle(world.random, state, world.inner_order, count)
        for i in range(count):
            index_other = world.inner_order[i]
            if bearings[index_other] != UNSEEN:
                report(world, robot, index, index_other, bearings[index_other])


@part
def edges_of(start, sweep):
    """Sine and cosine of the pie's first edge, clockwise, and of its last; with sweeps so wide that it is not within
    one half-plane of each edge, a pie of no edges, which nothing is outside of."""
    if abs(sweep) > 3.0:
        return 0.0, 0.0, 0.0, 0.0
    first_sine, first_cosine = sin_cos(start)
    last_sine, last_cosine = sin_cos(start + sweep)
    if sweep < 0.0:
        return last_sine, last_cosine, first_sine, first_cosine
    return first_sine, first_cosine, last_sine, last_cosine


@part
def is_outside(dx, dy, edges):
    """Whether the circle around a box, its centre this far off, is by half a pixel beyond the line of either edge."""
    return (dx * edges[1] - dy * edges[0] < -OUT_OF_BOX) | (dx * edges[3] - dy * edges[2] > OUT_OF_BOX)


@part
def report(world, robot, index, other_index, angle):
    """The ScannedRobot event of the other, which is at this absolute bearing."""
    other = world.robots[other_index]
    event = new_event(world, index)
    event.type = SCANNED_ROBOT
    event.other, event.energy, event.heading, event.velocity = other_index, other.energy, other.heading, other.velocity
    event.bearing = relative_angle(angle - robot.heading)
    event.distance = hypot(other.x - robot.x, other.y - robot.y)


@part
def is_seen(robot, other, angle, start, sweep):
    """Whether the other's box, its centre at this absolute bearing, meets the pie from `start` over `sweep` (radians).

    Nearly always the bearing decides: an edge of the pie passes deep through the box, or the circle around the box is
    wholly inside or outside, each by half a pixel at least. Between these limits, near the rim and close by, where
    rounding might matter, Arc2D's own test is asked.
    """
    dx, dy = other.x - robot.x, other.y - robot.y
    distance = math.sqrt(dx * dx + dy * dy)
    if NEAR_BOX < distance < RADAR_RANGE - NEAR_BOX:
        beyond_start = relative_angle(angle - start)
        if sweep < 0.0:
            beyond_start = -beyond_start
        before_end = abs(sweep) - beyond_start
        if distance * abs(beyond_start) < DEEP_IN_BOX or distance * abs(before_end) < DEEP_IN_BOX:
            return True
        if beyond_start > 0.0 and before_end > 0.0:
            gap = min(beyond_start, before_end)
            if distance * sine_at_least(gap) > OUT_OF_BOX:
                return True
        else:
            gap = min(abs(beyond_start), abs(before_end), 2.0 * PI - abs(sweep) - abs(beyond_start))
            if distance * sine_at_least(gap) > OUT_OF_BOX:
                return False
    start_degrees = 180.0 * absolute_angle(start - HALF_PI) / PI
    return pie_meets_box(robot.x, robot.y, start_degrees, 180.0 * sweep / PI, other.left, other.low)


@inner
def sine_at_least(angle):
    """A bound below the sine of an angle in [0, pi/2]; 1 for greater ones, whose ray is nearest at its source."""
    return 1.0 if angle > HALF_PI else angle * (1.0 - angle * angle / 6.0)


@inner
def arc_point(frame_x, frame_y, degrees):
    """Point of the arc at this angle, the arc given by the lower left corner of its frame."""
    sine, cosine = sin_cos(degrees * TO_RADIANS)
    return frame_x + (cosine * 0.5 + 0.5) * DIAMETER, frame_y + (sine * 0.5 + 0.5) * DIAMETER


@inner
def pie_meets_box(x, y, start, extent, left, low):
    """Whether the pie around (x, y) from `start` over `extent` degrees meets the box (Arc2D.intersects)."""
    rarely()
    frame_x, frame_y = x - RADAR_RANGE, y - RADAR_RANGE
    centre_x, centre_y = frame_x + DIAMETER / 2.0, frame_y + DIAMETER / 2.0
    start_x, start_y = arc_point(frame_x, frame_y, -start)
    if box_meets_segment(left, low, centre_x, centre_y, start_x, start_y):
        return True
    frame_right, frame_top = frame_x + DIAMETER, frame_y + DIAMETER
    right, high = left + BOT_WIDTH, low + BOT_WIDTH
    if extent == 0.0 or left >= frame_right or low >= frame_top or right <= frame_x or high <= frame_y:
        return False
    end_x, end_y = arc_point(frame_x, frame_y, -start - extent)
    if low <= centre_y <= high:
        if start_x < right and end_x < right and centre_x < right and frame_right > left:
            if contains_angle(start, extent, 0.0):
                return True
        if start_x > left and end_x > left and centre_x > left and frame_x < right:
            if contains_angle(start, extent, 180.0):
                return True
    if left <= centre_x <= right:
        if start_y > low and end_y > low and centre_y > low and frame_y < high:
            if contains_angle(start, extent, 90.0):
                return True
        if start_y < high and end_y < high and centre_y < high and frame_top > low:
            if contains_angle(start, extent, 270.0):
                return True
    if box_meets_segment(left, low, centre_x, centre_y, end_x, end_y):
        return True
    return (
        pie_contains(frame_x, frame_y, start, extent, left, low)
        or pie_contains(frame_x, frame_y, start, extent, right, low)
        or pie_contains(frame_x, frame_y, start, extent, left, high)
        or pie_contains(frame_x, frame_y, start, extent, right, high)
    )


@inner
def pie_contains(frame_x, frame_y, start, extent, x, y):
    """Whether the point is inside the pie (Arc2D.contains)."""
    unit_x, unit_y = (x - frame_x) / DIAMETER - 0.5, (y - frame_y) / DIAMETER - 0.5
    if unit_x * unit_x + unit_y * unit_y >= 0.25:
        return False
    return contains_angle(start, extent, -(atan2(unit_y, unit_x) * TO_DEGREES))


@inner
def normal_degrees(angle):
    """The same angle in (-180, 180], for -540 < angle <= 540."""
    if angle > 180.0:
        return angle - 360.0
    if angle <= -180.0:
        return angle + 360.0
    return angle


@inner
def contains_angle(start, extent, angle):
    """Whether an arc from `start` over `extent` degrees contains the angle (Arc2D.containsAngle)."""
    if abs(extent) >= 360.0:
        return True
    beyond = normal_degrees(angle) - normal_degrees(start)
    if extent < 0.0:
        beyond = -beyond
    if beyond < 0.0:
        beyond += 360.0
    return 0.0 <= beyond < abs(extent)
