"""Maximum matchings against every matching of small graphs."""

from hypothesis import given
from hypothesis import strategies as st

from beepsim.tournament.matching import NOBODY, complete_matching


def largest(edges: set[tuple[int, int]]) -> int:
    """By trying: the first edge is in it, or not."""
    if not edges:
        return 0
    a, b = edge = min(edges)
    return max(largest(edges - {edge}), 1 + largest({other for other in edges if not {a, b} & set(other)}))


graphs = st.integers(2, 9).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.sets(
            st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda edge: edge[0] < edge[1]),
            max_size=13,
        ),
    )
)


@given(graphs, st.randoms(use_true_random=False))
def test_no_matching_is_larger(graph: tuple[int, set[tuple[int, int]]], random) -> None:
    count, edges = graph
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        neighbours[a].append(b)
        neighbours[b].append(a)
    partner = [NOBODY] * count
    for a, b in random.sample(sorted(edges), len(edges) // 2):  # a first choice that may stand in the way
        if partner[a] == partner[b] == NOBODY:
            partner[a], partner[b] = b, a
    had_one = [vertex for vertex in range(count) if partner[vertex] != NOBODY]
    complete_matching(neighbours, partner)
    for vertex, other in enumerate(partner):
        assert other == NOBODY or (partner[other] == vertex and other in neighbours[vertex])
    assert all(partner[vertex] != NOBODY for vertex in had_one)
    assert sum(other != NOBODY for other in partner) == 2 * largest(edges)


def test_a_path_through_blossoms() -> None:
    # Two triangles on a path; only an alternating path around both joins the single ends 0 and 7.
    edges = [(0, 1), (1, 2), (2, 3), (1, 3), (3, 4), (4, 5), (4, 6), (5, 6), (6, 7), (2, 4)]
    neighbours: list[list[int]] = [[] for _ in range(8)]
    for a, b in edges:
        neighbours[a].append(b)
        neighbours[b].append(a)
    partner = [NOBODY, 2, 1, 4, 3, 6, 5, NOBODY]
    complete_matching(neighbours, partner)
    assert NOBODY not in partner
