from mrjob.job import MRJob


class Job(MRJob):
    FILES = ["words.txt", "/etc/words", "../up.txt", 3]  # refused: option@27, option@41, option@54

    def configure_args(self):
        super().configure_args()
        self.add_file_arg("--names")
        self.add_file_arg("--numbers", default="/etc/numbers")  # refused: option@48

    def mapper_init(self):
        path = self.options.names or "names.txt"  # refused: option@16
        self.path = self.options.names  # refused: option@34
        with open("words.txt") as f:
            for line in f:
                self.n = len(line)
            self.m = len(f.read())  # refused: option@26, unknown-name@26
        with open("words.txt") as g:
            for _ in range(3):
                self.n = len(g.read())  # refused: with@30
        with open("words.txt", "w") as h:  # refused: with@9
            self.m = 2

    def mapper(self, _, line):
        yield line, 1
