"""From a density over angles to an angle, and to scores of that density (compiled; angles in GF, widths in rad).

Kernel mixtures live on one fixed grid of GF: each candidate's weight is split between its two neighbouring nodes, then
kernel and kernel CDF are applied as tables. That widens each kernel's variance by at most GRID_STEP²/4.
Boxes (BeepBoop's gun) are swept exactly.
"""

import numpy as np

from beepsim.jit import jit

GRID_STEP = 1.0 / 256.0
GRID_REACH = 320  # nodes on either side of GF 0: kernels near the escape angle reach beyond it, to GF 1.25
GRID_NODES = 2 * GRID_REACH + 1
AIM_REACH = 256  # nodes on either side that may be aimed at: GF -1 to 1
GRID = np.arange(-GRID_REACH, GRID_REACH + 1) * GRID_STEP
NOTHING, LITTLE = 1e-17, 1e-9
"""Masses that a kernel's tail may lack: of a density, whose logarithm is taken, and of its integral."""
TIE = 1e-12  # masses closer than this are equal, and the angle nearer to GF 0 is taken


@jit
def deposit(angle, chosen, weight, k, mass):
    """Spread the weights of the chosen angles over the grid's mass [N]."""
    mass[:] = 0.0
    for i in range(k):
        position = min(max(angle[chosen[i]] / GRID_STEP + GRID_REACH, 0.0), GRID_NODES - 1.000001)
        node = int(position)
        share = position - node
        mass[node] += weight[i] * (1.0 - share)
        mass[node + 1] += weight[i] * share


@jit
def deposit_intervals(lows, highs, chosen, weight, k, mass):
    """As `deposit`, each weight spread evenly over the interval [low, high] of its candidate; points are points."""
    mass[:] = 0.0
    for i in range(k):
        # A rise of a running sum at the one end, a fall at the other; a node's cell reaches half a step either way.
        start = min(max(lows[chosen[i]] / GRID_STEP + GRID_REACH + 0.5, 0.0), GRID_NODES - 2.001)
        end = min(max(highs[chosen[i]] / GRID_STEP + GRID_REACH + 0.5, 0.0), GRID_NODES - 2.001)
        end = max(end, start + 1.0)
        height = weight[i] / (end - start)
        for place, change in ((start, height), (end, -height)):
            node = int(place)
            share = place - node
            mass[node] += change * (1.0 - share)
            mass[node + 1] += change * share
    running = 0.0
    for node in range(GRID_NODES):
        running += mass[node]
        mass[node] = max(running, 0.0)


@jit
def smooth(mass, density_table, cumulative_table, floor, density, cumulative):
    """Density and its integral at the nodes [N] from mass [N] and the kernel's tables [2N - 1] (difference in nodes).

    The floor is a uniform density on [-1, 1].
    """
    density[:] = 0.0
    reach = kernel_reach(cumulative_table, NOTHING)
    for node in range(GRID_NODES):
        share = mass[node] * (1.0 - floor)
        if share > 0.0:
            add_kernel(density, density_table, node, reach, share)
    for i in range(GRID_REACH - AIM_REACH, GRID_REACH + AIM_REACH + 1):
        density[i] += 0.5 * floor
    accumulate(mass, cumulative_table, floor, cumulative)


@jit
def accumulate(mass, cumulative_table, floor, cumulative):
    """The integral of the density alone, as `smooth` gives it."""
    cumulative[:] = 0.0
    reach = kernel_reach(cumulative_table, LITTLE)
    for node in range(GRID_NODES):
        share = mass[node] * (1.0 - floor)
        if share > 0.0:
            add_kernel(cumulative, cumulative_table, node, reach, share)
    below = 0.0  # mass of the kernels that lie wholly before a node
    for i in range(GRID_NODES):
        if i > reach:
            below += mass[i - reach - 1] * (1.0 - floor)
        position = min(max((i - GRID_REACH) * GRID_STEP, -1.0), 1.0)
        cumulative[i] += below + 0.5 * floor * (position + 1.0)


@jit
def add_kernel(values, table, node, reach, share):
    """Adds `share` of a kernel's table, centred on a node, to the values within `reach` nodes of it."""
    first, last = max(node - reach, 0), min(node + reach + 1, GRID_NODES)
    start = GRID_NODES - 1 - node + first
    near, kernel = values[first:last], table[start : start + last - first]
    for i in range(len(near)):
        near[i] += share * kernel[i]


@jit
def kernel_reach(cumulative_table, least):
    """Nodes on either side beyond which the kernel has less mass than `least`."""
    reach = GRID_NODES - 1
    while reach > 0 and cumulative_table[GRID_NODES - 1 - reach] < least:
        reach -= 1
    return min(reach + 1, GRID_NODES - 1)  # a density's cell may begin half a node before its edge


@jit
def at(values, position):
    """Values [N] of the grid's nodes, linearly between them, at GF `position`; beyond the grid those of its ends."""
    place = min(max(position / GRID_STEP + GRID_REACH, 0.0), GRID_NODES - 1.000001)
    node = int(place)
    share = place - node
    return values[node] * (1.0 - share) + values[node + 1] * share


@jit
def widened(position, half_width, negative, positive):
    """GF of `half_width` rad to either side of GF `position`; escape angles `negative`, `positive` of the two sides."""
    centre = position * (negative if position < 0.0 else positive)
    low, high = centre - half_width, centre + half_width
    return low / (negative if low < 0.0 else positive), high / (negative if high < 0.0 else positive)


@jit
def mass_around(cumulative, position, half_width, negative, positive):
    """H(x): the density's mass within half_width rad of GF `position`."""
    low, high = widened(position, half_width, negative, positive)
    return at(cumulative, high) - at(cumulative, low)


@jit
def best_angle(cumulative, half_width, negative, positive):
    """GF in [-1, 1] with the largest H and that mass: best node, then the vertex of the parabola around it."""
    best, best_mass = 0, mass_around(cumulative, 0.0, half_width, negative, positive)
    for step in range(1, AIM_REACH + 1):
        for node in (-step, step):
            found = mass_around(cumulative, node * GRID_STEP, half_width, negative, positive)
            if found > best_mass + TIE:
                best, best_mass = node, found
    if abs(best) == AIM_REACH:
        return best * GRID_STEP, best_mass
    before = mass_around(cumulative, (best - 1) * GRID_STEP, half_width, negative, positive)
    after = mass_around(cumulative, (best + 1) * GRID_STEP, half_width, negative, positive)
    bend = before - 2.0 * best_mass + after
    shift = 0.5 * (before - after) / bend if bend < -TIE else 0.0
    return (best + min(max(shift, -0.5), 0.5)) * GRID_STEP, best_mass


@jit
def mean_log_density(density, low, high, nodes, weights):
    """Mean over [low, high] of log(2 · density), nats against the uniform density on [-1, 1]; quadrature on [-1, 1]."""
    centre, half = 0.5 * (low + high), 0.5 * (high - low)
    total = 0.0
    for n in range(len(nodes)):
        total += weights[n] * np.log(2.0 * at(density, centre + half * nodes[n]))
    return 0.5 * total


@jit
def box_density(position, lows, highs, chosen, weight, k, floor):
    """Density at GF `position` of a mixture of uniform boxes [lows, highs] and the floor, per GF."""
    found = 0.0
    for i in range(k):
        j = chosen[i]
        if lows[j] <= position <= highs[j]:
            found += weight[i] / max(highs[j] - lows[j], 1e-5)  # an interval clipped at the escape angle may be a point
    return (1.0 - floor) * found + 0.5 * floor


@jit
def box_mass(low, high, lows, highs, chosen, weight, k, floor):
    """Integral of `box_density` over [low, high]."""
    found = 0.0
    for i in range(k):
        j = chosen[i]
        overlap = min(high, highs[j]) - max(low, lows[j])
        if overlap >= 0.0:
            found += weight[i] * min(max(overlap, 1e-5) / max(highs[j] - lows[j], 1e-5), 1.0)
    return (1.0 - floor) * found + 0.5 * floor * max(min(high, 1.0) - max(low, -1.0), 0.0)


@jit
def highest_plateau(lows, highs, chosen, weight, k):
    """Middle of the highest plateau of Σ weight over boxes [lows, highs]; of equal ones the nearest to GF 0.

    BeepBoop's aim rule: boxes have height `weight` whatever their width. Edges are sorted once.
    """
    edges = np.empty(2 * k)
    steps = np.empty(2 * k)
    for i in range(k):
        edges[i], steps[i] = lows[chosen[i]], weight[i]
        edges[k + i], steps[k + i] = highs[chosen[i]], -weight[i]
    order = np.argsort(edges, kind="mergesort")
    best, best_height, height = 0.0, -1.0, 0.0
    for i in range(2 * k - 1):
        height += steps[order[i]]
        left, right = edges[order[i]], edges[order[i + 1]]
        if right > left:
            middle = 0.5 * (left + right)
            is_tie = abs(height - best_height) <= TIE
            if height > best_height + TIE or (is_tie and abs(middle) < abs(best)):
                best, best_height = middle, max(height, best_height)
    return best if best_height > TIE else lows[chosen[np.argmax(weight[:k])]]  # all of them points
