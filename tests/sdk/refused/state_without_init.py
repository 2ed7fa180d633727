from totem_sdk import TotemJob


class Job(TotemJob):
    def reducer_init(self):
        self.groups = 0

    def mapper(self, _, row):
        self.rows += 1  # refused: state@14
        self.groups += 1  # refused: state@14
        yield row.name, self.total  # refused: state@30

    def reducer(self, key, values):
        self.groups += 1
        yield key, sum(values)
