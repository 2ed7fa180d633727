# schema: {"label": "str"}
import re

from totem_sdk import TotemJob

PAIR = re.compile(r"(\w)\s*(?P<rest>[^ ]*)")
CHOICE = re.compile("(a)|(b+?)(?:c|$)", re.I)


class Patterns(TotemJob):
    EDGE: re.Pattern = re.compile(r"\b\w", flags=re.A | re.M)
    _SPACES = re.compile(r"\s+")
    LINE = "[a-zß ]*"

    def mapper(self, _, row):
        edges = ""
        for start in Patterns.EDGE.findall(row.label):
            edges = start
        pieces = (len(self._SPACES.split(row.label)), len(re.split("[,;]?", row.label)))
        rest = ""
        places = (0, 0, (0, 0))
        m = PAIR.search(row.label)
        if m:
            pair = m.groups()
            rest = pair[0] + m.group("rest") + m[0] + m.group()
            places = (m.start(), m.end("rest"), m.span(1))
        found = CHOICE.match(row.label)
        if found is None:
            first, spans = None, ((-2, -2), (-2, -2))
        else:
            first, spans = self.first(found), (found.span(1), found.span(2))
        other = not re.fullmatch(self.LINE, row.label, re.I)
        whole = re.match(PAIR, row.label)
        if whole is not None and whole["rest"] != "":
            rest += whole.group(2)
        yield row.label, (edges, pieces, rest, places, first, spans, other, CHOICE.search(row.label) is None)

    def first(self, match):
        if match[1] is not None:
            return match[1]
        return match.group()
