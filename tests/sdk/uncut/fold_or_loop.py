from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n

    def reducer(self, name, numbers):
        if name == "sum":
            yield name, sum(numbers)
        else:
            for number in numbers:  # uncut: rows-would-move@13
                yield name, number
