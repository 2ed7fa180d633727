# schema: {"name": "str", "kwh": "float?"}
# data: [["a", 1.5], ["b", null]]
# fails: key@13
from mrjob.job import MRJob
from mrjob.protocol import JSONValueProtocol


class FailsMissingKey(MRJob):
    INPUT_PROTOCOL = JSONValueProtocol

    def mapper(self, _, data):
        name = data["name"]
        yield name, data["kwh"] * 2
