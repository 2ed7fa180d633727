from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.names = ""
        self.other = ""

    def keep(self, text):
        self.other = self.names + text  # refused: unbounded-growth@22

    def mapper(self, _, row):
        self.names = self.other
        self.keep(row.name)
        yield row.name, row.n
