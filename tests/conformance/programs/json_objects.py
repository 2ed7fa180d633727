# schema: {"name": "str", "n": "int", "x": "float", "kwh": "float?", "city": "str?", "ok": "bool?"}
# rows: 60
from mrjob.job import MRJob
from mrjob.protocol import JSONValueProtocol


class JsonObjects(MRJob):
    """Each line is a JSON object: what a key has is a column, and what is not there has no value."""

    INPUT_PROTOCOL = JSONValueProtocol
    OUTPUT_PROTOCOL = JSONValueProtocol

    def sized(self, event):
        return len(event["name"]) + (1 if "city" in event else 0)

    def fallback(self, n):
        return float(n % 3)

    def mapper(self, _, data):
        city = data.get("city", "nowhere")
        try:
            used = data["kwh"]
        except KeyError:
            used = -1.0
        kwh = data.get("kwh")
        if kwh is not None and kwh > 1:
            yield data["name"], (kwh, self.sized(data))
        if "ok" not in data:
            yield city, (0.0, self.sized(data))
        elif data["ok"] and data["n"] % 2:
            yield city, (data["x"], data["n"] % 7)
        texts = [part for part in data["name"].split() if data.get("city") != part]
        yield "all", (used + data.get("kwh", self.fallback(data["n"])), len(texts))

    def reducer(self, key, values):
        numbers, lengths = [], 0
        for number, length in values:
            numbers.append(number)
            lengths += length
        yield key, (sum(numbers), lengths, len(numbers))


if __name__ == "__main__":
    JsonObjects.run()
