from totem_sdk import TotemJob


def counted(x):
    return self.n + x  # refused: self-use@12


def of_the_class(self, x):  # refused: signature@1
    return x + self  # refused: self-use@16


def twice(x):
    return x * 2


def twice(x):  # refused: duplicate@1
    return x * 3


def __hidden(x):  # refused: dunder@1
    return x


class Job(TotemJob):
    @staticmethod
    def half(x):
        return self.n  # refused: self-use@16

    @classmethod  # refused: decorator@6
    def made(cls, x):  # refused: signature@5
        return x

    def mapper(self, _, row):
        f = twice  # refused: unknown-name@13
        yield row.name, self.twice(row.n)
