# schema: {"s": "str", "line": "str"}
from totem_sdk import TotemJob


class Splitting(TotemJob):
    def words(self, text):
        return text.split()

    def joined(self, parts: list[str]) -> str:
        text = ""
        for part in parts:
            text += part + "|"
        return text

    def mapper(self, _, row):
        for word in row.s.split():
            yield word, "word"
        parts = (row.s + ",a,,b").split(",")
        last = len(parts) - 1
        yield str(len(parts)), parts[0] + parts[-1] + parts[1] + parts[last]
        first, second = "one;two".split(";")
        yield first, second
        a, b, c = (row.line.lower() + "//" + row.s.upper() + "//" + "end").split("//")
        yield a, b + c
        for part in parts:
            if not part:
                continue
            if part == "b":
                break
            yield part, str(len(part))
        yield "joined", self.joined(self.words(row.line))
        if parts:
            parts = self.words("x y z")
        yield "parts", self.joined(parts)
