# schema: {"s": "str", "n": "int", "x": "float", "on": "bool", "day": "date"}
from totem_sdk import TotemJob


class LinesOfJson(TotemJob):
    """Builds and takes apart lines that look like JSON."""

    def quoted(self, text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def mapper(self, _, row):
        fields = [f'"n": {row.n}', f'"x": {row.x!r}', f'"on": {"true" if row.on else "false"}']
        name = self.quoted(row.s)
        line = f'{{"name": {name}, {", ".join(fields)}, "day": "{row.day}"}}'
        start = line.find('"n": ') + 5
        number = int(line[start : line.index(",", start)])
        commas = line.count(",", line.find("n"), line.rfind('"'))
        yield f"{row.n % 3}", (line, number, commas)

    def reducer(self, key, lines):
        longest = ""
        total = 0
        for line, number, commas in lines:
            if len(line) > len(longest) or (len(line) == len(longest) and line > longest):
                longest = line
            total += number * commas
        yield key, f"{longest} {total:_d}"
