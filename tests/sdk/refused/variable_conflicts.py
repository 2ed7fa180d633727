from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        x = 1
        if row.n > 3:
            x = "many"  # refused: type-conflict@13
        yield row.name, x
        y = row.name if row.on else row.n  # refused: type-conflict@13
        z = (1, 2)
        while row.n > len(row.name):
            z = (1, 2, 3)  # refused: type-conflict@13
            break
        yield row.name, z[0]
