"""Peak hour as one would write it for mrjob alone: it parses its own lines. Plain mrjob's side of the benchmark."""

from collections.abc import Iterator

from mrjob.job import MRJob


class PeakHourText(MRJob):  # type: ignore[misc]  # mrjob has no type information
    """Sums the power of every minute by hour of the day; a line is ``YYYY-MM-DD HH:MM:SS,active_kw``."""

    def mapper(self, _: None, line: str) -> Iterator[tuple[int, float]]:
        """Parse a line, leave out missing measurements."""
        at, active_kw = line.split(",")
        if active_kw:
            power = float(active_kw)
            if power > 0.0:
                yield int(at[11:13]), power

    def reducer(self, hour: int, powers: Iterator[float]) -> Iterator[tuple[int, float]]:
        """Sum an hour's power."""
        yield hour, sum(powers)


if __name__ == "__main__":
    PeakHourText.run()
