# schema: {"s": "str", "n": "int", "x": "float", "on": "bool", "day": "date", "at": "datetime"}
from totem_sdk import TotemJob

WIDTH = 9
UNIT = "kWh"


class FStrings(TotemJob):
    DIGITS = 2

    def mapper(self, _, row):
        mixed = row.n if row.on else row.x
        half = row.x / 2
        plain = f"{row.s}/{row.n} {row.x} {row.on} {mixed} {row.day} {row.at}"
        shown = f"{row.n=} {row.x = !s:>12} {row.s=:<4}|{row.on=}{half=:.3f}"
        formats = f"{row.n:>{WIDTH}}|{row.x:{WIDTH}.{self.DIGITS}f}|{row.s:{'é'}^{WIDTH}}|{row.n!r:0>6}|{row.n:+,d}"
        characters = f"{{{row.n}}}\t\N{DIGIT ONE}\x41" rf"\d{row.n}" f'{", ".join([row.s, UNIT])}' "{}"
        inner = f"""{row.n if row.n != 3 else -1} {(row.n, row.s)[1]}
{row.n > 3 and row.on} { [1, 2][0] }""" f"{max(row.n, 3)}{'x' if row.on else 'y'}"
        dated = f"{row.at!s:>28}|{str(row.day):<12}|" + str(row.at)
        yield f"{row.s[:3]}", (plain, shown, formats, characters, inner, dated)

    def reducer(self, key, texts):
        for number, (plain, shown, formats, characters, inner, dated) in enumerate(list(texts)):
            yield f"{key}{number:03d}", f"{plain}{shown}{formats}{characters}{inner}{dated}"
