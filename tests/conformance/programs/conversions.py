# schema: {"x": "float", "n": "int", "on": "bool", "s": "str"}
from totem_sdk import TotemJob


class Conversions(TotemJob):
    def mapper(self, _, row):
        ints = (int(row.x), int(row.n), int(row.on), int("  -1_234 "), int(str(row.n)))
        floats = (float(row.n), float(row.x), float(row.on), float("1e3"), float(" -.5 "))
        texts = (str(row.n), str(row.on), str(row.s), str(-row.n), str(True))
        bools = (bool(row.n), bool(row.x), bool(row.s), bool(row.on))
        yield (ints, floats), (texts, bools)
