import re

from totem_sdk import TotemJob

WORD = re.compile(r"(\w)(\d)")
NUMBER = re.compile(r"\d+", re.A)


class Job(TotemJob):
    def mapper(self, _, row):
        a = WORD  # refused: type@13
        b = re  # refused: type@13
        c = re.I  # refused: type@13
        d = re.compile("a")  # refused: pattern@13
        e = re.escape(row.name)  # refused: unknown-attribute@16
        f = WORD.sub(r"\3", row.name)  # refused: argument@22
        g = re.findall(r"\b-(\d)(x)", row.name)  # refused: pattern@13
        h = WORD.split(row.name, row.n)  # refused: argument@38
        for each in WORD.finditer(row.city):  # refused: maybe-none@21
            pass
        every = WORD.finditer(row.name)  # refused: loop-form@22
        put = WORD.sub(row.name, row.name)  # refused: argument@28
        cut = NUMBER.sub(lambda each: each.start(), row.name)  # refused: type-conflict@39
        i = NUMBER.search(row.n)  # refused: type@31
        j = NUMBER.search(row.city)  # refused: maybe-none@31
        k = NUMBER.search(row.name, 1)  # refused: argument@13
        m = re.search(row.name, "a")  # refused: pattern@27
        n = re.search(NUMBER, row.name, re.I)  # refused: argument@44
        o = NUMBER.match(row.name).group()  # refused: maybe-none@13
        p = NUMBER.match(row.name)
        q = WORD.match(row.name)
        if p is not None and q is not None:
            r = p.group(1)  # refused: index@25
            s = q.group("x")  # refused: index@25
            t = q.group(row.n)  # refused: index@29
            u = p.groups()  # refused: type@17
            v = q.lastindex  # refused: unknown-attribute@19
            w = q.expand("a")  # refused: unknown-attribute@19
            x = p == p  # refused: type@17
            y, z = p  # refused: type@20
            yield row.name, p  # refused: emit-type@13
            yield q  # refused: yield-form@13
