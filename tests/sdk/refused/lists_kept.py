from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.parts = "a b".split()  # refused: type@14

    def mapper(self, _, row):
        yield row.name, row.name.split()  # refused: emit-type@9
