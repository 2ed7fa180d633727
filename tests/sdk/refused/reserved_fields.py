from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.stdin = 1  # refused: reserved-name@14
        self.options = 1  # refused: reserved-name@14
        self.SORT_VALUES = True  # refused: reserved-name@14
        self.reducer = 1  # refused: reserved-name@14
        self._steps_desc = 1  # refused: reserved-name@14
        self.mapper_final, self.n = 1, 2  # refused: reserved-name@14

    def mapper(self, _, row):
        yield row.name, self.reducer + self.n
