from mrjob.job import MRJob
from mrjob.protocol import JSONValueProtocol


class Job(MRJob):
    INPUT_PROTOCOL = JSONValueProtocol

    def mapper(self, _, data):
        a = data["nme"]  # refused: unknown-column@19
        b = data[data["name"]]  # refused: index@18 row-use@13
        c = data["day"]  # refused: type@18
        d = data.items()  # refused: row-use@13
        data["n"] = 3  # refused: row-use@9
        yield "a", data  # refused: row-use@20
