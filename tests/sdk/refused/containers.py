from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        b = {1, 2}  # refused: container@13
        d = ()  # refused: container@13
        [e, f] = row.name.split()  # refused: target@9
        yield row.name, row.n
