from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.best = 1

    def lose(self):
        self.best = None
        return 1

    def mapper(self, _, row):
        if self.best == self.lose():
            yield row.name, self.best + 1  # refused: maybe-none@34
        if self.lose() == self.best:
            yield row.name, self.best + 1  # refused: maybe-none@34
        if self.best is not None and self.lose() == 1:
            yield row.name, self.best + 1  # refused: maybe-none@34
        if self.best is not None:
            yield row.name, self.lose() + self.best  # refused: maybe-none@48
        while self.best == self.lose():
            yield row.name, self.best + 1  # refused: maybe-none@34
