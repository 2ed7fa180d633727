from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = b"bytes"  # refused: literal@13
        b = 1j  # refused: literal@13
        c = ...  # refused: literal@13
        d = "half \ud800 pair"  # refused: encoding@13
        yield row.name, row.n
