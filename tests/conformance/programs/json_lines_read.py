# schema: {"name": "str", "n": "int", "kwh": "float?", "city": "str?"}
# rows: 60
import heapq
import json
import sys
from heapq import nlargest, nsmallest

from mrjob.job import MRJob
from mrjob.step import MRStep


class JsonLinesRead(MRJob):
    """A mapper that reads its line as JSON, and idioms of programs that people have written."""

    def steps(self):
        return [MRStep(mapper=self.mapper_read, reducer=self.reducer_top), MRStep(reducer=self.reducer_all)]

    def mapper_read(self, _, line):
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            return
        if all([event["name"], event["n"], event.get("kwh", 1.0)]) or any((event["n"] > 9, event.get("city"))):
            yield event["name"], [event["n"] % 100, event["name"] + "!", [event.get("city", "-"), 2.5]]
        if event.get("kwh") != None:
            yield "used", [event["n"] % 7, "k", ["with kwh", event["kwh"]]]

    def reducer_top(self, name, values):
        found = list(values)
        best = nlargest(2, found, key=lambda item: item[0])
        least = heapq.nsmallest(1, [n for n, _, _ in found])
        few = heapq.nlargest(len(found) - 3, [n for n, _, _ in found])
        yield name[:1], ",".join([text for _, text, _ in best]) + str(least[0] + sum(few))

    def reducer_all(self, first, texts):
        yield first, "; ".join(texts)

    def never(self, values):
        for value in values:
            yield value, 1


if __name__ == "__main__":
    JsonLinesRead.run()
    sys.exit(0)
