from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        pair = (row.name, row.n)
        a = pair[2]  # refused: index@18
        b = pair[-3]  # refused: index@18
        c = pair[row.n]  # refused: index@22
        d = row.name[0]
        e = row.n[0]  # refused: type@13
        f = row.name.split()["a"]  # refused: type@30
        g = pair[True]  # refused: index@18
        yield row.name, row.n
