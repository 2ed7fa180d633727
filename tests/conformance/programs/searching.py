# schema: {"s": "str", "t": "str", "n": "int", "x": "float?"}
from totem_sdk import TotemJob


class Searching(TotemJob):
    COLOURS = ("red", "abc", "", "z,z")

    def mapper(self, _, row):
        places = (row.s.find(row.t), row.s.rfind("a"), row.s.count("a"), row.s.count(""), (row.s + "b").index("b"))
        inside = (row.t in row.s, row.t not in row.s, "" in row.s, row.s in self.COLOURS, row.n in (1, 2.0, -6))
        more = ((row.n, row.s) in ((1, "a"), (2, "abc")), row.x in (None, 0.5), (row.s + "bb").rindex("b"))
        known = -1.0
        if row.x in (0.5, 1.5, 2.5):
            known = row.x * 2.0
        if row.x not in (0.5, 2.5):
            known = 0.0 if row.x is None else row.x
        tests = (row.s.isalpha(), row.s.isdigit(), row.s.isalnum(), row.s.isspace(), row.s.isupper(), row.s.islower())
        others = (row.s.isdecimal(), row.s.isnumeric(), row.s.isascii(), "½".isnumeric(), "٣".isdigit())
        yield row.s, (places, inside, more, known, tests, others)
