from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.n = 0
        return
        yield 1, 1  # refused: yield-in-helper@9

    def mapper(self, _, row):
        self.mapper_init()
        yield row.name, self.one(row.n)

    def one(self, x):
        return x
        yield x, 1  # refused: yield-in-helper@9

    def reduce(self, key, values):
        yield key, sum(values)  # refused: yield-in-helper@9
