from collections import ChainMap  # refused: import@25
from collections import Counter, defaultdict
from collections import UserDict as d  # refused: import@25

from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.seen = Counter()

    def mapper(self, _, row):
        a = Counter(1, 2)  # refused: argument@13
        b = Counter(a=1)  # refused: argument@13
        c = defaultdict(int, {})  # refused: argument@13
        e = defaultdict(lambda: row.n)  # refused: argument@13
        f = defaultdict(lambda x: 1)  # refused: argument@13
        g = defaultdict(tuple)  # refused: argument@13
        i = ChainMap(d())
        h = Counter  # refused: unknown-name@13
        yield row.name, row.n
