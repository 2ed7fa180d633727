from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        if (n := row.n) > 3:  # refused: walrus@13
            yield row.name, 1
