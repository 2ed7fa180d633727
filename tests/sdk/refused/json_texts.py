import json
from json import dumps  # refused: import@18

from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = json.loads(row.name)  # refused: unknown-function@13
        b = json.dumps(row.n, indent=2)  # refused: keyword@31
        c = json.dumps()  # refused: argument@13
        e = [1]
        f = json.dumps(e)  # refused: type@24
        g = json.dumps({row.name: 1})  # refused: type@24
        h = json.dumps  # refused: unknown-name@13
        i = dumps(row.n)
        yield row.name, row.n
