# schema: {"k": "int", "s": "str"}
from totem_sdk import TotemJob


class FoldTexts(TotemJob):
    def mapper(self, _, row):
        yield row.k % 3, row.s
        yield row.k % 3 + 10, row.s.upper()

    def reducer(self, key, texts):
        if key >= 10:
            yield key, max(texts)
        else:
            yield key, min(texts)
