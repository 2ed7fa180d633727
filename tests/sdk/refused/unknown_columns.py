from totem_sdk import TotemJob


class Job(TotemJob):
    def key(self, row):
        return row.nmae  # refused: unknown-column@20

    def mapper(self, _, row):
        if row.khw is not None:  # refused: unknown-column@16
            yield self.key(row), row.n
