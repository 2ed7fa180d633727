# data: [["u1,view,1"], ["u1,cart,5"], ["u1,pay,9"], ["u2,view,2"], ["u2,pay,3"], ["u3,cart,1"], ["u3,view,4"], ["u3,cart,8"], ["bad"]]
from mrjob.job import MRJob
from mrjob.step import MRStep

STAGES = ["view", "cart", "pay"]


class Funnel(MRJob):
    """How far visitors went, in the order of time."""

    def events(self, _, line):
        try:
            user, stage, when = line.split(",")
            yield user, (int(when), stage)
        except ValueError:
            self.increment_counter("events", "bad")

    def reached(self, user, events):
        position = 0
        for when, stage in sorted(events):
            if position < len(STAGES) and stage == STAGES[position]:
                position += 1
        for stage in STAGES[:position]:
            yield stage, 1

    def total(self, stage, ones):
        yield stage, sum(ones)

    def steps(self):
        return [MRStep(mapper=self.events, reducer=self.reached), MRStep(combiner=self.total, reducer=self.total)]
