# schema: {"home": "int", "at": "datetime", "kwh": "float", "solar_kwh": "float"}
# rows: 80
from totem_sdk import TotemJob


class PeakHour(TotemJob):
    def mapper(self, _, reading):
        if reading.kwh > 0.0:
            yield reading.at.hour, reading.kwh

    def reducer(self, hour, kwh):
        yield hour, sum(kwh)


if __name__ == "__main__":
    PeakHour.run()
