# data: [["a|b,c|0|grey"], ["b|d|inf|white"], ["c|d,e|inf|white"], ["d|f|inf|white"], ["e||inf|white"], ["f|a|inf|white"]]
from mrjob.job import MRJob
from mrjob.step import MRStep


class BreadthFirst(MRJob):
    """Two rounds of a breadth-first search over nodes with their neighbours, distance and colour."""

    def read(self, _, line):
        name, links, distance, colour = line.split("|")
        yield name, (links, float(distance), colour)

    def visit(self, name, node):
        links, distance, colour = node
        if colour == "grey":
            for link in links.split(","):
                if link:
                    yield link, ("", distance + 1, "grey")
            colour = "black"
        yield name, (links, distance, colour)

    def merge(self, name, nodes):
        links, distance, colour = "", float("inf"), "white"
        order = {"white": 0, "grey": 1, "black": 2}
        for found, far, shade in nodes:
            if found:
                links = found
            distance = min(distance, far)
            if order[shade] > order[colour]:
                colour = shade
        yield name, (links, distance, colour)

    def shown(self, name, node):
        _, distance, colour = node
        yield name, f"{colour} {distance:g}"

    def steps(self):

        return [MRStep(mapper=self.read)] + [MRStep(mapper=self.visit, reducer=self.merge)] * 2 + [MRStep(mapper=self.shown)]
