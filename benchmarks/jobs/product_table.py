"""A dict that a mapper keeps, emitted at the end of its task."""

from totem_sdk import TotemJob


class ProductTable(TotemJob):
    """How many were sold, by product: added up in the mapper."""

    def mapper_init(self):
        self.sold = {}

    def mapper(self, _, row):
        self.sold[row.stock] = self.sold.get(row.stock, 0) + row.quantity

    def mapper_final(self):
        for stock, number in self.sold.items():
            yield stock, number

    def reducer(self, key, values):
        yield key, sum(values)
