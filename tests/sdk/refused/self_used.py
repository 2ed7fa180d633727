from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        me = self  # refused: self-use@14
        it = Job  # refused: self-use@14
        self = 3  # refused: target@9
        here = self(3)  # refused: self-use@16
        yield row.name, row.n
