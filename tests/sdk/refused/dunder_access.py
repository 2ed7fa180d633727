from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.__class__  # refused: dunder@17
        b = row.name.__class__.__bases__  # refused: dunder@22 dunder@32
        c = self.__dict__  # refused: dunder@18
        d = __builtins__  # refused: dunder@13
        e = ().__class__  # refused: container@13 dunder@16
        yield row.name, row.n
