# schema: {"source": "int", "target": "int"}
from collections import defaultdict, deque

from totem_sdk import TotemJob


class NearestStop(TotemJob):
    """How many steps lead from node 0 to the others of a small graph: a breadth-first search in the reducer."""

    def mapper(self, _, row):
        yield "graph", (row.source % 20, row.target % 20)

    def reducer(self, _, edges):
        nexts = defaultdict(list)
        for source, target in edges:
            nexts[source].append(target)
        steps = {0: 0}
        waiting = deque([0])
        while waiting:
            node = waiting.popleft()
            for target in nexts[node]:
                if target not in steps:
                    steps[target] = steps[node] + 1
                    waiting.append(target)
        for node, number in sorted(steps.items()):
            yield node, number
