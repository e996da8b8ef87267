"""The cross-entropy of interval candidates on a grid against its plain definition and finite differences."""

import numpy as np
import pytest
import torch

from beepsim.targeting.grid_loss import CELL, CELLS, CENTRES, Masses, grid_cross_entropy, shares
from beepsim.targeting.kernels import KERNELS

GAUSSIAN = KERNELS["gaussian"]


def problem(seed=1, queries=5, candidates=40, features=3):
    torch.manual_seed(seed)
    q, c = torch.rand(queries, features), torch.rand(candidates, features)
    known = torch.randint(1, candidates + 1, (queries,))
    centre, half = torch.rand(candidates) * 1.4 - 0.7, torch.rand(candidates) * 0.1 + 0.03
    low = torch.rand(queries) * 1.4 - 0.8
    return q, c, known, centre - half, centre + half, low, low + 0.15


def plain(q, c, known, candidate_low, candidate_high, low, high, bandwidth, floor):
    """Every pair, every angle: exact means of the Gaussian over the candidates' intervals, 64 angles a query."""
    normal = torch.distributions.Normal(0.0, bandwidth)
    found = []
    for k in range(len(q)):
        n = int(known[k])
        weight = torch.softmax(-torch.abs(q[k].double() - c[:n].double()).sum(-1), 0)
        x = low[k] + (high[k] - low[k]) * (torch.arange(64) + 0.5) / 64
        inside = normal.cdf(x[:, None] - candidate_low[:n]) - normal.cdf(x[:, None] - candidate_high[:n])
        density = (weight * inside / (candidate_high - candidate_low)[:n]).sum(-1)
        found.append(-torch.log((1 - floor) * density + floor / 2).mean())
    return torch.stack(found)


def test_it_is_the_definition_but_for_the_grid():
    parts = problem()
    found = grid_cross_entropy(*parts, GAUSSIAN, torch.tensor(0.06), torch.tensor(0.05))
    expected = plain(*(part.double() if part.is_floating_point() else part for part in parts), 0.06, 0.05)
    assert found.numpy() == pytest.approx(expected.numpy(), abs=6e-3)


@pytest.mark.parametrize("which", [0, 1, 7, 8])
def test_gradients_are_those_of_finite_differences(which):
    torch.manual_seed(2)
    parts = [*problem(2), torch.tensor(0.06), torch.tensor(0.05)]
    parts[which].requires_grad_()

    def value(changed):
        arguments = [*parts]
        arguments[which] = changed
        return grid_cross_entropy(*arguments[:7], GAUSSIAN, *arguments[7:]).double().sum()

    value(parts[which]).backward()
    direction = torch.randn_like(parts[which])
    with torch.no_grad():
        step = 1e-3
        slope = (value(parts[which] + step * direction) - value(parts[which] - step * direction)) / (2 * step)
    assert float((parts[which].grad * direction).sum()) == pytest.approx(float(slope), rel=0.02, abs=2e-3)


def test_masses_sum_to_one_and_hold_what_is_known_only():
    q, c, known, candidate_low, candidate_high, *_ = problem(3)
    known[0] = 0
    mass = Masses.apply(q, c, known, candidate_low, candidate_high)
    assert mass.sum(-1).numpy() == pytest.approx([0, 1, 1, 1, 1], abs=1e-5)
    changed = c.clone()
    changed[int(known[1]) :] = 9.0
    assert (Masses.apply(q, changed, known, candidate_low, candidate_high)[1] == mass[1]).all()
    mean = (mass[2] * torch.as_tensor(CENTRES)).sum()
    weight = torch.softmax(-torch.abs(q[2] - c[: known[2]]).sum(-1), 0)
    assert float(mean) == pytest.approx(
        float((weight * 0.5 * (candidate_low + candidate_high)[: known[2]]).sum()), abs=1e-4
    )


def test_a_query_that_knows_nothing_has_the_floor_and_no_gradient():
    q, c, known, *rest = problem(4)
    q.requires_grad_()
    found = grid_cross_entropy(q, c, torch.zeros_like(known), *rest, GAUSSIAN, torch.tensor(0.06), torch.tensor(0.05))
    assert found.detach().numpy() == pytest.approx(-np.log(0.025))
    found.sum().backward()
    assert (q.grad == 0).all()


def test_points_and_edges_of_the_range_are_intervals_too():
    q, c, known, candidate_low, candidate_high, low, high = problem(5)
    edge = torch.full_like(low, 0.99999)
    values = grid_cross_entropy(
        q, c, known, candidate_high, candidate_high, edge, edge, GAUSSIAN, torch.tensor(0.06), torch.tensor(0.05)
    )
    assert torch.isfinite(values).all()
    found = shares(torch.tensor([-0.99999, 0.0, 0.3]), torch.tensor([-0.99999, 0.0, 0.5]))
    assert found.sum(-1).numpy() == pytest.approx([1.0, 1.0, 1.0])
    assert found.shape == (3, CELLS) and CELL == CENTRES[1] - CENTRES[0]


@pytest.mark.parametrize("name", ["gaussian", "laplace", "box"])
def test_no_bandwidth_makes_more_than_the_mass_one(name):
    """The densities of all cells, each as an interval, have the mass 1: a narrow kernel gains nothing by the grid."""
    q, c, known, candidate_low, candidate_high, *_ = problem(6, queries=1)
    low = torch.as_tensor(CENTRES - 0.5 * CELL).float()
    count = len(low)
    for bandwidth in (0.005, 0.02, 0.1):
        losses = grid_cross_entropy(
            q.repeat(count, 1), c, known.repeat(count), candidate_low, candidate_high, low, low + CELL,
            KERNELS[name], torch.tensor(bandwidth), torch.tensor(1e-6),
        )  # fmt: skip
        assert float(torch.exp(-losses.double()).sum() * CELL) == pytest.approx(1.0, abs=0.01)
