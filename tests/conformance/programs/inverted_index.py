# schema: {"doc": "int", "text": "str"}
from totem_sdk import TotemJob


class InvertedIndex(TotemJob):
    """In which documents each word stands, how often, and where first: combined in the mapper."""

    def mapper_init(self):
        self.found = {}

    def mapper(self, _, row):
        for position, word in enumerate(row.text.lower().split()):
            places = self.found.setdefault(word, {})
            places.setdefault(row.doc, []).append(position)

    def mapper_final(self):
        for word, places in self.found.items():
            for doc, positions in places.items():
                yield word, (doc, len(positions), positions[0])

    def reducer(self, word, found):
        first = {}
        total = 0
        for doc, count, position in found:
            total += count
            if doc not in first or position < first[doc]:
                first[doc] = position
        for doc in sorted(first):
            yield word, (doc, first[doc], total)
