from totem_sdk import TotemJob

TOTAL = 0


class Job(TotemJob):
    def mapper(self, _, row):
        global TOTAL  # refused: global@9
        TOTAL += 1
        nonlocal n  # refused: global@9
        yield row.name, row.n
