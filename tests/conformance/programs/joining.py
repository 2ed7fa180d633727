# schema: {"s": "str", "line": "str"}
from totem_sdk import TotemJob


class Joining(TotemJob):
    def mapper(self, _, row):
        yield "joined", ", ".join((row.s + " end").split())
        yield "spelled", "-".join(row.s)
        yield "lines", "|".join((row.s + "\r\nb\n\nc\x0b" + row.line).splitlines())
        name, _, value = "key = 1 = 2".partition(" = ")
        yield name, value + "=".join((row.s + "a=b=c").rsplit("=", 1)) + (row.s + "z").split(None, 1)[-1]
        vowels = 0
        last = ""
        for letter in row.s.lower():
            if letter in "aeiouäöü":
                vowels += 1
            last = letter
        yield last, str(vowels)
        words = row.line.rsplit()
        yield "+".join(words), "".join((row.s + "x,y,,z").rsplit(","))
