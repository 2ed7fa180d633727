from totem_sdk import TotemJob


class Job(TotemJob):
    @property  # refused: decorator@6
    def twice(self, x):
        return x * 2

    def mapper(self, _, row):
        yield row.name, self.twice(row.n)
