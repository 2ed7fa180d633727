from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n if row.on else row.x

    def reducer(self, name, numbers):
        yield name, sum(numbers)  # uncut: fold-not-mergeable@21
