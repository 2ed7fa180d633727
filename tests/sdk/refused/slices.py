from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        b = row.name[:: row.n]  # refused: slice@29
        c = row.name[::0]  # refused: slice@24
        d = row.name[row.kwh :]  # refused: maybe-none@26
        e = row.name["a":]  # refused: type@22
        f = row.name["a"]  # refused: type@22
        g = (1, 2, 3)[1:]  # refused: slice@23
        row.name[0] = "a"  # refused: target@9
        yield row.name, 1
