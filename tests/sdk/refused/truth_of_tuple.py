from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        best = None
        if row.on:
            best = (1, 2)
        if best:  # refused: type@12
            yield row.name, 1
        while (1, 2):  # refused: type@15
            break
