from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.n, row.name

    def reducer(self, key, names):
        text = ""
        for name in names:
            text += name + ","  # refused: unbounded-growth@13
        yield key, text
