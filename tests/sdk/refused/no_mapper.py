from totem_sdk import TotemJob


class Job(TotemJob):  # refused: steps@1
    def reducer(self, key, values):
        yield key, sum(values)
