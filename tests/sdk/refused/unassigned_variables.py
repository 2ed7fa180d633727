from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        if row.n > 3:
            x = 1
        y = x  # refused: unassigned@13
        for i in range(row.n):
            z = i
        y = z + i  # refused: unassigned@13 unassigned@17
        while row.n < y:
            w = 1
            y -= 1
        yield row.name, w  # refused: unassigned@25
        yield row.name, v  # refused: unassigned@25
        v = 1
        q += 1  # refused: unassigned@9
