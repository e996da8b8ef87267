"""Maximum matching in any graph: pairs of neighbours, as many as there can be, near to a first choice.

Edmonds' blossoms (Edmonds 1965, "Paths, trees, and flowers").
"""

from collections import deque
from collections.abc import Sequence

NOBODY = -1


def complete_matching(neighbours: Sequence[Sequence[int]], partner: list[int]) -> None:
    """Extends a matching until no larger one exists, in place.

    `neighbours` of each vertex, in the order in which they are tried; `partner` of each vertex, NOBODY for one that has
    none yet. Who has a partner keeps one, though maybe another.
    """
    for vertex in range(len(partner)):
        if partner[vertex] == NOBODY:
            augment(neighbours, partner, vertex)


def augment(neighbours: Sequence[Sequence[int]], partner: list[int], root: int) -> None:
    """Finds a path from `root` to another single vertex on which every second edge is matched, and flips it."""
    count = len(partner)
    parent = [NOBODY] * count  # of an inner vertex: the outer one it was reached from
    base = list(range(count))  # of the blossom that a vertex lies in
    is_outer = [False] * count
    is_outer[root] = True
    queue = deque([root])

    def common_base(a: int, b: int) -> int:
        seen = set()
        while True:
            a = base[a]
            seen.add(a)
            if partner[a] == NOBODY:
                break
            a = parent[partner[a]]
        b = base[b]
        while b not in seen:
            b = base[parent[partner[b]]]
        return b

    def mark(vertex: int, stop: int, child: int, blossom: set[int]) -> None:
        while base[vertex] != stop:
            blossom |= {base[vertex], base[partner[vertex]]}
            parent[vertex] = child
            child = partner[vertex]
            vertex = parent[child]

    while queue:
        vertex = queue.popleft()
        for other in neighbours[vertex]:
            if base[vertex] == base[other] or partner[vertex] == other:
                continue
            if other == root or (partner[other] != NOBODY and parent[partner[other]] != NOBODY):
                stop, blossom = common_base(vertex, other), set[int]()
                mark(vertex, stop, other, blossom)
                mark(other, stop, vertex, blossom)
                for inside in range(count):
                    if base[inside] in blossom:
                        base[inside] = stop
                        if not is_outer[inside]:
                            is_outer[inside] = True
                            queue.append(inside)
            elif parent[other] == NOBODY:
                parent[other] = vertex
                if partner[other] == NOBODY:
                    flip(parent, partner, other)
                    return
                is_outer[partner[other]] = True
                queue.append(partner[other])


def flip(parent: Sequence[int], partner: list[int], end: int) -> None:
    """Matches along the path that ends there, back to its root."""
    vertex = end
    while vertex != NOBODY:
        before = parent[vertex]
        following = partner[before]
        partner[vertex], partner[before] = before, vertex
        vertex = following
