from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        copy = row  # refused: row-use@16
        pair = (row, 1)  # refused: row-use@17
        if row == None:  # refused: row-use@12
            return
        row = 3  # refused: row-use@9
        yield _, 1
        yield row(row.n), 1  # refused: type@15
