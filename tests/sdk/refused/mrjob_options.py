from mrjob.protocol import PickleProtocol  # refused: import@28

from totem_sdk import TotemJob


class Job(TotemJob):
    SORT_VALUES = 1  # refused: option@5
    OUTPUT_PROTOCOL = 1  # refused: option@5
    INTERNAL_PROTOCOL = PickleProtocol  # refused: option@5
    INPUT_PROTOCOL = RawValueProtocol  # refused: unknown-name@22
    JOBCONF = {"a": "b"}
    limit = 3

    def __init__(self, *args, **kwargs):
        super(Job, self).__init__(*args, **kwargs)
        self.n = 0
        self.work()  # refused: class-form@9
        n = 3  # refused: class-form@9

    def configure_args(self):
        """Declare the options."""
        super(Job, self).configure_args()
        self.add_file_arg("--words", type=int)  # refused: param@9
        self.limit = 3  # refused: option@9
        self.add_passthru_arg("-n")  # refused: param@9
        self.add_passthru_arg("--n", choices=("a", "b"))  # refused: param@9
        self.add_passthru_arg("--m", type=bool)  # refused: param@9
        self.add_passthru_arg("--k", type=int, default=1.5)  # refused: param@56
        self.add_passthru_arg("--good", type=int, default=1)
        self.add_passthru_arg("--good", type=int, default=1)  # refused: duplicate@9
        self.add_passthru_arg("--two words")  # refused: param@9

    def mapper_raw(self, path, uri):  # refused: option@5
        yield path, uri

    def mapper(self, _, row):
        yield row.name, row.n
