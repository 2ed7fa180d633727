from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        b = row.name[:: row.x]  # refused: type@29
        c = row.name[::0]  # refused: slice@24
        d = row.name[row.kwh :]  # refused: maybe-none@26
        e = row.name["a":]  # refused: type@22
        f = row.name["a"]  # refused: type@22
        g = (1, 2, 3)[row.n :]  # refused: slice@23
        h = (1, 2, 3)[3:]  # refused: container@23
        i = (1, 2, 3)[::0]  # refused: slice@23
        j = row.n[1:]  # refused: slice@19
        row.name[0] = "a"  # refused: target@9
        yield row.name, 1
