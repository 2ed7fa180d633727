from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper_init(self):
        self.parts = "a b".split()
        self.numbers = [1]
        self.both = [1, "a"]  # refused: type-conflict@25

    def mapper(self, _, row):
        self.numbers = ["a"]  # refused: type-conflict@14
        self.numbers.append(row.name)  # refused: type-conflict@33
        self.other += [1]  # refused: state@14
        self.parts = 1  # refused: type-conflict@14
        yield row.name, row.name.split()

    def combiner(self, key, values):
        for words in values:
            yield key, words

    def reducer(self, key, values):
        for words in values:
            words.append(key)
        yield key, max(values)  # refused: type@20 values-twice@24
