from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        for i in range(3):
            pass
        else:
            yield row.name, 1  # refused: loop-else@13
        while row.n > 3:
            break
        else:
            x = 3  # refused: loop-else@13
