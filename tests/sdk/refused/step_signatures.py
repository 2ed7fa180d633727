from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, row):  # refused: signature@5
        yield row.name, row.n

    def reducer(self, key: str, values: print):  # refused: annotation@41
        yield key, sum(values)

    def reducer_final(self, key):  # refused: signature@5
        yield key, 1
