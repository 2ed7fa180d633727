from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.a = 1

    def mapper(self, _, row):
        a, (b, c) = row.n, (1, 2, 3)  # refused: type@12
        x = y, z = (1, 2)  # refused: target@13
        for self.a in range(3):  # refused: target@18
            pass
        yield row.name, row.n
