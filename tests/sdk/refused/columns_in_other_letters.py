from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.ﬁﬁﬁﬁﬁﬁﬁﬁﬁﬁﬁﬁ, 1  # refused: unknown-column@19 identifier@19
        yield row . \
            nothing, 1  # refused: unknown-column@13
