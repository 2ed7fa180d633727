from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.left = 3
        self.right = 3

    def less(self):
        self.left -= 1

    def mapper(self, _, row):
        while self.left > 0:
            self.less()
        while self.right > 0:  # refused: endless-loop@9
            self.less()
        yield row.name, row.n
