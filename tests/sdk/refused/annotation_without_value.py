from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        x: int  # refused: annotation@9
        x = 3
        yield row.name, x
