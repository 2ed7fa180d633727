from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = [x for x in row.name.split()]  # refused: comprehension@13
        b = {x for x in row.name.split()}  # refused: comprehension@13
        c = {x: 1 for x in row.name.split()}  # refused: comprehension@13
        d = sum(len(x) for x in row.name.split())  # refused: comprehension@16
        yield row.name, row.n
