from mrjob.job import MRJob
from mrjob.protocol import JSONValueProtocol


class Job(MRJob):
    INPUT_PROTOCOL = JSONValueProtocol

    def mr(self, x):  # refused: reserved-name@5
        return x

    def helped(self, data):
        return [data["n"] for data in [{"n": 1}]]  # refused: row-use@31

    def mapper(self, _, data):
        found = [{"n": 1}, {"n": 2}]
        numbers = [data["n"] for data in found]  # refused: row-use@34
        best = max(found, key=lambda data: data["n"])  # refused: row-use@38
        yield data["name"], (numbers, best["n"], self.helped(data))
