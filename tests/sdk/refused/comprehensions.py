from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        d = (len(x) for x in row.name.split())  # refused: comprehension@13
        e = len(x for x in row.name.split())  # refused: comprehension@16
        yield row.name, row.n
