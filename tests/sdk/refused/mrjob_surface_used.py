from totem_sdk import TotemJob


class Job(TotemJob):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = 0

    def configure_args(self):
        super().configure_args()
        self.add_passthru_arg("--limit", type=int, default=1)

    def mapper(self, _, row):
        self.seen += 1
        self.increment_counter("rows", row.missing)  # refused: unknown-column@44
        x = self.increment_counter("rows", "seen")  # refused: unknown-function@18
        yield row.name, self.limit  # refused: state@30
        yield row.name, self.options.good  # refused: unknown-attribute@38
        yield row.name, self.options  # refused: state@30
        self.other += 1  # refused: state@14
        self.options.limit = 3  # refused: target@22
