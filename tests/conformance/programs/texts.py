# schema: {"s": "str", "t": "str"}
from totem_sdk import TotemJob


class Texts(TotemJob):
    def mapper(self, _, row):
        case = (row.s.lower(), row.s.upper(), (row.s + row.t).upper().lower())
        strip = (row.s.strip(), row.s.lstrip(), row.s.rstrip(), (" " + row.s + "\t\n").strip())
        match = (row.s.startswith("a"), row.s.endswith(row.t), row.s.startswith(""), "ß".upper() == "SS")
        size = (len(row.s), len(row.s + row.t), len(""), len("äöü€😀"))
        text = row.s
        text += "!"
        text = text + "-" + row.t + "-" + str(len(row.t))
        yield text, (case, strip, match, size, min(row.s, row.t) + max(row.s, row.t, "m"))
