from totem_sdk import TotemJob


def twice(x):  # refused: module-statement@1
    return x * 2


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n
