# schema: {"article": "str", "amount": "int", "price": "float", "flag": "bool?"}
import json

from totem_sdk import TotemJob


class JsonTexts(TotemJob):
    """Records that a job writes as JSON itself: scalars, tuples, displays and comprehensions."""

    def mapper(self, _, row):
        mixed = row.price if row.amount % 2 else row.amount
        yield row.article[:1], json.dumps({"article": row.article, "amount": row.amount, "flag": row.flag})
        yield row.article[:1], json.dumps([row.price, row.price * 1e308 * 10, mixed, None, True, 'a"\\\n\t\x00\x7fé😀'])
        yield row.article[:1], json.dumps((row.article, (row.amount, row.price)))
        yield row.article[:1], json.dumps([len(word) for word in row.article.split()]) + json.dumps([]) + json.dumps({})
        yield row.article[:1], json.dumps({"inner": [{"price": row.price - row.price * 1e308 * 10}], "none": None})

    def reducer(self, letter, texts):
        for text in texts:
            yield letter, json.dumps(text)
