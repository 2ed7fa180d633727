from mrjob.job import MRJob


class Job(MRJob):
    def mapper(self, _, line):
        yield line, 1

    def reducer(self, line, ones):
        for one in ones:  # uncut: rows-would-move@9
            yield line, one
