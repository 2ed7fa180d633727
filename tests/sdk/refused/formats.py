from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        c = format(row.kwh)  # refused: maybe-none@13
        d = format(row.n, ".2")  # refused: format@13
        e = format(row.name, "+")  # refused: format@13
        f = format(row.n, "5000")  # refused: format@13
        g = format(row.at - row.at)  # refused: type@13
        h = format(row.x, "d")  # refused: format@13
        i = format(row.n, ",x")  # refused: format@13
        j = format(row.name, "05")  # refused: format@13
        k = "{}".format(row.n + 1, row.name)  # refused: format@13
        m = "{} {}".format(row.n)  # refused: format@13
        n = "%d" % row.x  # refused: format@13
        o = "%d %d" % row.n  # refused: format@13
        p = "%q" % row.n  # refused: format@13
        q = row.name.format(row.n)  # refused: format@13
        r = format(row.n, row.name)  # refused: argument@13
        s = format((1, 2))  # refused: type@13
        t = "{!r}".format(row.n)  # refused: format@13
        u = "{".format(row.n)  # refused: format@13
        v = format(row.n, "010,")  # refused: format@13
        w = format(row.x, ".101f")  # refused: format@13
        yield row.name, 1
