from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n

    def reducer(self, name, numbers):  # uncut: rows-would-move@5
        yield name, 1
