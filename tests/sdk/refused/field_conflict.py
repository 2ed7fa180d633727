from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.last = 0

    def mapper(self, _, row):
        self.last = row.name  # refused: type-conflict@14
        yield row.name, row.n
