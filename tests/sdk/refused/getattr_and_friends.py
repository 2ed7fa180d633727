from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = getattr(row, "n")  # refused: forbidden@13
        setattr(self, "n", 1)  # refused: forbidden@9 self-use@17
        b = hasattr(row, "n")  # refused: forbidden@13
        c = vars(row)  # refused: forbidden@13
        d = type(row)  # refused: forbidden@13
        e = eval  # refused: forbidden@13
        yield row.name, row.n
