# schema: {"name": "str", "n": "int"}
# data: [["1;2;x", 1], ["3;4", 0], ["", 5], ["7;8;9", 2], ["-1", -3]]
"""Errors of lists, and helpers that give lists, inside of try."""

from totem_sdk import TotemJob


def numbers(text):
    found = []
    for part in text.split(";"):
        found.append(int(part))
    return found


class Job(TotemJob):
    def mapper(self, _, row):
        try:
            values = numbers(row.name)
            yield "at", values[row.n]
            values[row.n] = 10 // row.n
            yield "sum", sum(values)
        except ValueError:
            yield "no number", 1
        except IndexError:
            yield "index", row.n
        except ArithmeticError:
            yield "zero", 1
        kept = [1, 2]
        try:
            kept.append(3)
            kept.append(int(row.name))
        except ValueError:
            kept.append(-1)
        finally:
            yield "length", len(kept)
        yield "last", kept[-1]
        try:
            while True:
                yield "popped", kept.pop()
        except IndexError:
            yield "empty", len(kept)

    def reducer(self, key, values):
        yield key, sum(values)
