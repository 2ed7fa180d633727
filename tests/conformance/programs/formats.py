# schema: {"s": "str", "n": "int", "x": "float", "on": "bool"}
from totem_sdk import TotemJob


class Formats(TotemJob):
    def mapper(self, _, row):
        mixed = row.n if row.on else row.x
        plain = (
            str(row.x),
            str(mixed),
            "{}/{}".format(row.n, row.s),
            "%s %s" % (row.on, mixed),
            "{{{}}}".format(row.s),
        )
        extremes = (
            str(row.x * 1e300),
            str(row.x * 1e-310),
            str(row.x / 3.0),
            str(1e16) + str(-0.0),
            str(1e22),
            str(5e-324),
        )
        floats = (format(row.x, ".2f"), format(row.x, "10.3e"), format(row.x, "+g"), format(row.x, ",.1f"))
        more = (format(row.x / 7, ".1%"), "{:08.3f}".format(row.x), format(mixed, ".3g"), format(row.x * 1e200, ".1f"))
        ints = (format(row.n, "5d"), "{:<8}|{:^+9,}".format(row.n, row.n), format(row.n, "#x"), format(row.n, "08b"))
        wide = ("{:_}".format(row.n), format(row.n, ".1f"), format(row.n, "x"), "{0:>6}{0}".format(row.n))
        texts = (
            "{:>12}".format(row.s),
            "{:é^9.3}".format(row.s),
            format(row.s),
            format(row.s, "<5"),
            "{1}-{0}".format(row.n, row.s),
        )
        old = (
            "%s: %d (%.3f)" % (row.s, row.n, row.x),
            "%5.1f%%" % row.x,
            "%-8s|" % row.s,
            "%06d" % row.n,
            "%e" % row.n,
        )
        yield row.s, (plain, extremes, floats, more, ints, wide, texts, old)
