from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.n**row.n  # refused: power@13
        b = row.x**2  # refused: power@13
        c = row.n**0.5  # refused: power@13
        d = row.n**-1  # refused: power@13
        e = 9**9**9  # refused: power@13
        yield row.name, row.n
