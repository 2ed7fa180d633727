# schema: {"name": "str", "n": "int", "kwh": "float?", "city": "str?", "maybe": "int?", "other": "int?"}
# rows: 60
from mrjob.step import MRStep

from totem_sdk import TotemJob


class NoneInLoops(TotemJob):
    """What is known not to be None stays known in a loop as long as no round of it may bring None back."""

    def steps(self):
        return [
            MRStep(mapper_init=self.start, mapper=self.read, reducer=self.best),
            MRStep(mapper=self.again, reducer=self.last),
        ]

    def start(self):
        self.seen = None

    def read(self, _, row):
        n = row.kwh
        if n is None:
            yield "none", row.maybe
            return
        for i in range(3):
            n = n * 2.0
        m = row.maybe
        while m is not None and m > 1:
            m = m // 2
            if m == 7:
                m = row.other
                continue
        yield row.name, m
        k = row.maybe
        if k is not None:
            # An inner loop keeps it, the outer one may lose it and tests again.
            for i in range(4):
                if k is None:
                    break
                for j in range(i):
                    k = k + j
                    if k > 100:
                        k = 0 - k
                if k > 5:
                    k = row.other
            yield "inner", k
        self.keep(row.n)
        for i in range(2):
            if self.seen is None:
                self.seen = row.n
            self.seen = self.seen + i
        yield "seen", self.seen
        while True:
            found = row.other
            if found is not None:
                break
            found = row.n
            break
        yield "found", found + 1
        # Two variables that hand None to each other in turn.
        a = 1
        b = row.other
        for i in range(3):
            if a is None:
                a = 0
            yield "a", a + 1
            a = b
            b = row.maybe
        yield "round", round(n)
        # Items of a tuple.
        pair = (row.maybe, (row.kwh, 1))
        if pair[0] is not None and pair[1][0] is not None:
            for i in range(3):
                pair = (pair[0] + i, (pair[1][0], i))
                if i == 1:
                    pair = (pair[0], (row.kwh, 1))
                    if pair[1][0] is None:
                        break
            yield "pair", pair[0] + 1

    def keep(self, n):
        if n > 50:
            self.seen = None

    def best(self, key, values):
        best = None
        count = 0
        for value in values:
            count += 1
            if best is None or value is not None and value > best:
                best = value
        yield key, (best, count)

    def again(self, key, value):
        best, count = value
        while best is None:
            best = count
        yield count % 3, best

    def last(self, key, values):
        last = None
        for value in values:
            last = value
        yield key, last + 1
