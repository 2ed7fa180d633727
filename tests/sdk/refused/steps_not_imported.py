from totem_sdk import TotemJob


class Job(TotemJob):
    def steps(self):
        return [MRStep(mapper=self.read)]  # refused: unknown-name@17

    def read(self, _, row):
        yield row.name, row.n
