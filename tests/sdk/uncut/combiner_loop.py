from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n

    def combiner(self, name, numbers):
        for number in numbers:  # uncut: rows-would-move@9
            yield name, number

    def reducer(self, name, numbers):
        yield name, sum(numbers)
