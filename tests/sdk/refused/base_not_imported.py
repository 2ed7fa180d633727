class Job(TotemJob):  # refused: unknown-name@11
    def mapper(self, _, row):
        yield row.name, row.n
