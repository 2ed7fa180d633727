# schema: {"s": "str", "t": "str", "n": "int"}
from totem_sdk import TotemJob


class ChangingTexts(TotemJob):
    def mapper(self, _, row):
        case = (row.s.title(), row.s.capitalize(), row.s.swapcase(), "ΑΣ ΑΣ".title(), "ǆ ŉ".title())
        ends = (row.s.removeprefix("ab"), row.s.removesuffix(row.t), row.s.strip("ab "), row.s.lstrip("ßa"))
        replaced = (row.s.replace("a", row.t), row.s.replace("", "-"), row.s.replace("b", "€€", 1))
        padded = (row.s.ljust(7), row.s.rjust(row.n % 9, "é"), row.s.center(8, "*"), ("-" + row.s).zfill(6))
        parted = (row.s.partition("b"), row.s.rpartition(" "), row.s * 2, 3 * row.t, row.t * row.n if row.n < 5 else "")
        codes = (ord((row.s + "€")[0]), chr(row.n % 1000 + 1), (row.s + "😀")[-1], row.s[:1], row.s[-2:])
        slices = (row.s[::-1], row.s[1:4], row.s[::2], row.s[row.n :], row.s[: row.n : 3], row.s[5:0:-2])
        yield row.s, (case, ends, replaced, padded, parted, codes, slices)
