from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        d = ()  # refused: container@13
        [e, f] = row.name.split()  # refused: target@9
        yield row.name, row.n
