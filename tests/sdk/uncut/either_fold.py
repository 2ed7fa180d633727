from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n

    def reducer(self, name, numbers):
        if name == "sum":
            yield name, sum(numbers)  # uncut: fold-not-mergeable@25
        else:
            yield name, max(numbers)  # uncut: fold-not-mergeable@25
