from totem_sdk import TotemJob


class Job(TotemJob):
    def nothing(self, x):
        y = x

    def mapper(self, _, row):
        yield row.name, self.nothing(row.n) + 1  # refused: maybe-none@25
