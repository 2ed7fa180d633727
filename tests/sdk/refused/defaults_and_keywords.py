from totem_sdk import TotemJob


class Job(TotemJob):
    def scaled(self, x, factor=2):
        return x * factor

    def started(self, x, since=min(1, 2)):  # refused: default@32
        return x + since

    def only(self, *, x):  # refused: signature@5
        return x

    def first(self, x, /):  # refused: signature@5
        return x

    def mapper(self, _, row):
        yield row.name, self.scaled(x=row.n) + round(row.x, ndigits=2)  # refused: keyword@61
