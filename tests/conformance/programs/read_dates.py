# data: [["2024-02-29T10:11:12.123456"], ["2024-02-30"], ["20240301 101112,5"], ["2024-03-01x1011"], ["Feb 3, 2024 12:05AM"], ["feb 3, 2024 12:05pm"], ["29.2.24"], ["  7.12.69"], ["Monday  05 August 2024"], ["friday 1 MAY 0998"], ["10:11:12.5"], ["23:59:60.000001"], ["2024-3-1"], [""], ["2024-02-29"], ["20240229"]]
import datetime

from mrjob.job import MRJob


class ReadDates(MRJob):
    """The same text by several formats: how many read it, and as what."""

    def mapper(self, _, line):
        try:
            yield line, f"iso {datetime.datetime.fromisoformat(line)}"
        except ValueError:
            yield line, "no iso"
        try:
            yield line, f"day {datetime.date.fromisoformat(line)}"
        except ValueError:
            pass
        try:
            yield line, f"us {datetime.datetime.strptime(line, '%b %d, %Y %I:%M%p')}"
        except ValueError:
            pass
        try:
            yield line, f"de {datetime.datetime.strptime(line.strip(), '%d.%m.%y'):%Y-%m-%d}"
        except ValueError:
            pass
        try:
            yield line, f"long {datetime.datetime.strptime(line, '%A %d %B %Y').date()}"
        except ValueError:
            pass
        try:
            yield line, datetime.datetime.strptime(line, "%H:%M:%S.%f").strftime("%I:%M %p %S.%f")
        except ValueError:
            pass

    def reducer(self, line, found):
        yield line, "; ".join(found_one for found_one in list(found))
