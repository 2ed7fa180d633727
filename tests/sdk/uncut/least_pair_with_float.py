from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, (row.x, row.n)

    def reducer(self, name, pairs):
        yield name, min(pairs)  # uncut: fold-not-mergeable@21
