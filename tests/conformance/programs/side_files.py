# params: {"words": "red\ngreen \n\nblue", "more": "x\ny\n", "names_txt": "", "other_txt": "a\rb\u2028c\n\n"}
"""Files beside the data: their lines, read in each way that there is."""

from mrjob.job import MRJob
from mrjob.step import MRStep


class MRSideFiles(MRJob):
    FILES = ["lists/words.txt", "names.txt", "other.txt"]

    def configure_args(self):
        super().configure_args()
        self.add_file_arg("--words", help="one a line")
        self.add_file_arg("--more-words", dest="more", default="more.txt")

    def read_init(self):
        path = self.options.words or "words.txt"
        with open(path) as words, open(self.options.more, "r", encoding="utf-8") as more:
            self.words = set(line.strip() for line in words)
            self.more = [len(line) for line in more.readlines()]
        self.longest = ""
        for line in open("names.txt"):
            self.longest = max(self.longest, line)
        with open("other.txt") as other:
            for number, line in enumerate(other):
                self.more.append(number * 10 + len(line))

    def read(self, _, line):
        for word in line.split():
            if word in self.words:
                yield word, 1
        yield line[:1], len(self.words)

    def read_final(self):
        yield self.longest, sum(self.more)
        yield "text", len(open("other.txt").read())

    def add(self, word, numbers):
        yield word, sum(numbers)

    def steps(self):
        return [MRStep(mapper_init=self.read_init, mapper=self.read, mapper_final=self.read_final, reducer=self.add)]
