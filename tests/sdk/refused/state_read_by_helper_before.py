from totem_sdk import TotemJob


class Job(TotemJob):
    def both(self):
        return self.a + self.b

    def mapper_init(self):
        self.a = 1
        self.b = self.both()  # refused: unassigned@23

    def mapper(self, _, row):
        yield row.name, self.both()
