# schema: {"name": "str", "n": "int", "at": "datetime"}
# rows: 12
import re

from totem_sdk import TotemJob

PAIR = re.compile(r"(?P<letter>\w)(\d)?")
FIELD = re.compile(r"\b([a-z]+)=(\d*)(\.\d+)?")
SEPARATOR = "[ ,-]"


def shout(m):
    return m.group().upper() + str(m.start())


class GroupsOfAllMatches(TotemJob):
    """Everything that goes through all matches of a pattern and asks for groups."""

    LINE = re.compile(r"^(\w*) ?(.*)$", re.M)

    def braced(self, m):
        return "{" + m["letter"] + (m[2] or "") + "}"

    def mapper(self, _, row):
        text = f"{row.name} a={row.n} b={row.n % 7}.5, n{row.n}-x\n" + row.at.isoformat()
        pairs = []
        for name, whole, part in FIELD.findall(text):
            pairs.append(f"{name}:{whole}:{part}")
        total = 0
        last = None
        for m in PAIR.finditer(text):
            if m.group(2) is None:
                continue
            if total > 400:
                break
            total += len(m[0])
            last = m["letter"]
        else:
            total += 1000
        places = [(m.start(), m.end(2), m.span("letter")[1]) for m in PAIR.finditer(text)]
        for i, m in enumerate(FIELD.finditer(text)):
            total += i * m.end() + m.start(3)
        lines = [line.group(1) + "|" + line[2] for line in self.LINE.finditer(text)]
        turned = re.sub(r"(\w)-(\w)", r"\2-\1", text)
        named = PAIR.sub(r"<\g<letter>\2\g<0>>\n", row.name)
        called = PAIR.sub(shout, row.name) + PAIR.sub(self.braced, row.name)
        written = re.sub(SEPARATOR, lambda m: "_" * (m.start() % 3), text)
        some = re.sub(",| ", "", text, count=2) + re.sub("[AEIOU]", "*", text, 1, re.I)
        cut = re.split(SEPARATOR, text, maxsplit=2)
        mixed = [part for part in re.split("(-)|(:)", text) if part]
        much, times = PAIR.subn("", row.name)
        found = sum(int(m.group(1)) for m in re.finditer(r"(\d)", text))
        yield row.name, ((pairs[0], last, turned, named, called, written, some, much), (total, times, found, len(places)))
        yield "", (("".join(lines), cut[-1], mixed[-1], str(places[-1][0]), "", "", "", ""), (len(cut), len(mixed), 0, 0))
