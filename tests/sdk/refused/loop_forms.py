from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        for c in row.name:
            yield c, 1
        for x in (1, "a"):  # refused: type-conflict@18
            yield row.name, x
        for x in row.n:  # refused: loop-form@22
            yield row.name, 1
        r = range(3)  # refused: loop-form@13
        for x in range(1.5):  # refused: type@24
            pass
        for x in range(1, 2, 3, 4):  # refused: argument@18
            pass
        for x in range():  # refused: argument@18
            pass
        yield row.name, row.n
