class Job:  # refused: no-job@1
    def mapper(self, _, row):
        yield row.name, row.n
