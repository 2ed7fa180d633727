from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.x

    def reducer(self, name, amounts):
        total = 0.0
        for amount in amounts:  # uncut: rows-would-move@9
            total += amount
        yield name, total
