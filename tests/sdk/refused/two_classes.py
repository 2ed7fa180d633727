from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n


class Other(TotemJob):  # refused: no-job@1
    def mapper(self, _, row):
        yield row.name, row.n
