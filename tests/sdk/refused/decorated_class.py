from totem_sdk import TotemJob


@print  # refused: decorator@2
class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n
