from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        pair = (1, 2)
        pair[0] = 3  # refused: target@9
        for row.n in range(3):  # refused: target@17
            pass
        yield row.name, row.n
