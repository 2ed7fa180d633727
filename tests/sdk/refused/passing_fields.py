from mrjob.job import MRJob


class Job(MRJob):
    def configure_options(self):  # refused: option@5
        super(Job, self).configure_options()

    def mapper(self, _, line):
        if line:
            self.maybe = 1  # refused: state@18
        self.both = 2  # refused: state@14
        yield line, self.maybe  # refused: state@26

    def mapper_final(self):
        yield "both", self.both  # refused: state@28
