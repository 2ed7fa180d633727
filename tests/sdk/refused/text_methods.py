from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = row.name.find(row.n)  # refused: type@31
        b = row.name.find("a", 1.0)  # refused: type@32
        c = row.name.replace("a")  # refused: argument@13
        d = row.name.replace("a", "b", row.n)  # refused: argument@44
        e = row.name.strip(row.name)  # refused: argument@32
        f = row.name.center(5, "ab")  # refused: argument@32
        g = row.name.split(row.name, 1)  # refused: argument@32
        h = row.name.split("")  # refused: argument@28
        i = row.name.split(",", row.n)  # refused: argument@37
        j = row.name.join(row.n)  # refused: type@31
        k = row.n * row.name  # refused: type@13
        m = row.name * row.kwh  # refused: maybe-none@28
        n = ord(row.n)  # refused: type@21
        o = chr(row.name)  # refused: type@21
        p = row.name.isdigit("a")  # refused: argument@13
        q = row.name.partition(None)  # refused: maybe-none@32
        r = row.name.count("a", row.maybe)  # refused: maybe-none@37
        s = row.name.endswith((row.n, "a"))  # refused: type@31
        t = row.name.casefold()  # refused: unknown-attribute@22
        u = row.name.translate({})  # refused: unknown-attribute@22
        yield row.name, 1
