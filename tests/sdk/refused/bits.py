from totem_sdk import TotemJob

FAR = 1 << 63  # refused: int-range@7
BACK = 1 << -1  # refused: constant@8
REAL = 1.5 | 2  # refused: constant@8


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.x << 3  # refused: type@17
        b = row.n & row.x  # refused: type@25
        c = ~row.x  # refused: type@18
        d = row.maybe | 1  # refused: maybe-none@17
        e = row.n ^ (row.n if row.on else row.x)  # refused: type@22
        f = row.name >> 1  # refused: type@17
        row.n.is_integer()  # refused: unknown-attribute@15
        row.x.bit_length()  # refused: unknown-attribute@15
        g = divmod(row.n)  # refused: argument@13
        h = divmod(row.name, 2)  # refused: type@24
        i = row.n.bit_length(1)  # refused: argument@13
        j = round(row.x, -23)  # refused: argument@26
        yield row.name, row.n
