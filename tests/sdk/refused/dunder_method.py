from totem_sdk import TotemJob


class Job(TotemJob):
    __slots__ = 3  # refused: dunder@5

    def __init__(self):  # refused: class-form@5
        return 1  # refused: class-form@9

    def __call__(self):  # refused: dunder@5
        return 1

    def __secret(self, x):  # refused: dunder@5
        return x

    def mapper(self, __, row):  # refused: dunder@22
        yield row.name, row.n
