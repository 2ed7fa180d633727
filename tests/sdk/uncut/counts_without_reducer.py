from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.rows = 0

    def mapper(self, _, row):
        self.rows += 1

    def mapper_final(self):
        yield "rows", self.rows  # uncut: rows-would-move@9
