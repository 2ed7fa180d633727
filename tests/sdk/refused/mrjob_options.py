from totem_sdk import TotemJob


class Job(TotemJob):
    SORT_VALUES = True  # refused: option@5
    OUTPUT_PROTOCOL = 1  # refused: option@5

    def configure_args(self):  # refused: option@5
        return 1

    def mapper_raw(self, path, uri):  # refused: option@5
        yield path, uri

    def mapper(self, _, row):
        yield row.name, row.n
