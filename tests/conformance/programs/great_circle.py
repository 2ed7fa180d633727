# schema: {"lat": "float", "lon": "float", "name": "str"}
from math import asin, cos, radians, sin, sqrt

from totem_sdk import TotemJob

RADIUS = 6371.0088
HOME = (48.1374, 11.5755)


class GreatCircle(TotemJob):
    """Distances from one place, in bands of 100 km."""

    def distance(self, lat1, lon1, lat2, lon2):
        lat1, lon1, lat2, lon2 = radians(lat1), radians(lon1), radians(lat2), radians(lon2)
        a = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
        return 2 * RADIUS * asin(sqrt(min(a, 1.0)))

    def mapper(self, _, row):
        lat = max(-90.0, min(90.0, row.lat))
        d = self.distance(HOME[0], HOME[1], lat, row.lon % 180)
        yield int(d // 100) * 100, row.name

    def reducer(self, band, names):
        names = [name for name in names if name.strip()]
        yield f"{band:>6} km", (len(names), min(names) if names else None)
