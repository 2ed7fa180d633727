from totem_sdk import TotemJob


class Job(TotemJob):
    def joined(self, pair, text):
        return (pair[0] + 1, pair[1] + text)

    def mapper(self, _, row):
        yield row.n, row.name

    def reducer(self, key, names):
        pair = (0, "")
        for name in names:
            pair = self.joined(pair, name)  # refused: unbounded-growth@20
        yield key, pair
