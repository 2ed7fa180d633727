# params: {"min_length": 2, "prefix": ">", "loud": true}
"""What mrjob programs have beside their steps: __init__, configure_args, hints for engines, counters."""

from mrjob.job import MRJob
from mrjob.protocol import JSONProtocol, JSONValueProtocol, RawValueProtocol
from mrjob.step import MRStep


STEP_RATE = 0.5


class MRSurface(MRJob):
    JOBCONF = {"mapreduce.job.maps": "3"}
    HADOOP_INPUT_FORMAT = "org.apache.hadoop.mapred.lib.NLineInputFormat"
    SORT_VALUES = False
    INPUT_PROTOCOL = RawValueProtocol
    INTERNAL_PROTOCOL = JSONProtocol
    OUTPUT_PROTOCOL = JSONValueProtocol
    STEP = 2

    def __init__(self, *args, **kwargs):
        """Count what was seen."""
        super(MRSurface, self).__init__(*args, **kwargs)
        self.seen = 0
        self.longest = ""

    def configure_args(self):
        super().configure_args()
        self.add_passthru_arg("--min-length", type=int, default=1, help="shortest word")
        self.add_passthru_arg("-p", "--prefix", default="")
        self.add_passthru_arg("--rate", dest="factor", type=float, default=STEP_RATE)
        self.add_passthru_arg("--loud", action="store_true")

    def words_init(self):
        self.lines = 0

    def words(self, _, line):
        self.lines += 1
        self.increment_counter("lines", "read")
        for word in line.split():
            if len(word) < self.options.min_length:
                self.increment_counter("words", "short", amount=len(word))
                continue
            self.seen += 1
            if len(word) > len(self.longest):
                self.longest = word
            self.set_status("at " + word)
            yield self.options.prefix + (word.upper() if self.options.loud else word), self.STEP

    def words_final(self):
        yield "lines", self.lines
        yield "seen", self.seen
        yield self.longest, 0

    def add(self, word, numbers):
        yield word, sum(numbers)

    def scaled(self, word, numbers):
        self.seen += 1
        yield word, (max(numbers) * self.options.factor, self.seen)

    def steps(self):
        return [
            MRStep(mapper_init=self.words_init, mapper=self.words, mapper_final=self.words_final, combiner=self.add,
                   reducer=self.add, jobconf={"mapreduce.job.reduces": "4"}),
            MRStep(reducer=self.scaled),
        ]
