# schema: {"name": "str", "n": "int", "x": "float", "maybe": "int?"}
"""Functions of the module, static methods, defaults, and arguments by name."""

from totem_sdk import TotemJob

BASE = 10


def scaled(x, factor=2, offset=BASE):
    return x * factor + offset


def max(a, b):
    return a if a > b else b


def named(prefix, row, suffix="!"):
    return prefix + row.name + suffix


def choose(x, other=None):
    if other is None:
        return x
    return x + other


class Job(TotemJob):
    STEP = 3

    def mapper_init(self):
        self.calls = 0

    @staticmethod
    def half(x, by=2):
        return x // by

    def scaled(self, x, y=STEP):
        return scaled(x=y, offset=x)

    def counted(self, x):
        self.calls += 1
        return self.calls * 100 + x

    def mapper(self, _, row):
        factor = 7
        yield "scaled", scaled(row.n, offset=1) + scaled(factor=factor, x=row.n % 100) + self.scaled(row.n % 1000)
        yield "half", self.half(row.n) + Job.half(by=4, x=row.n)
        yield named(suffix="?", row=row, prefix="<"), max(row.n, 3)
        yield named("", row), choose(1.5) + choose(other=row.n % 10, x=row.x)
        # Evaluated as they are written, not in the order of the parameters.
        yield "order", scaled(offset=self.counted(1) % 1000, x=self.counted(2) % 1000)
        if row.maybe is not None:
            yield "maybe", choose(row.maybe, other=1)
        for i in range(3):
            if row.n % 5 == i:
                yield "found", i
                break
        else:
            yield "not found", row.n
        left = row.n % 7
        while left > 2:
            left -= 1
            if left == 4:
                continue
            if left == 3:
                word = "three"
                break
        else:
            word = "none"
        yield word, left
        for part in row.name.split():
            for i in range(2):
                if part == "a":
                    break
            else:
                continue
            yield "a found", 1
            break
        else:
            yield "no a", 1

    def reducer(self, key, values):
        total = 0.0
        for value in values:
            total += value
            if value == 17:
                break
        else:
            total += 0.5
        yield key, total
