# data: [["key=value; other = 3;last"], ["=;="], ["no fields"], ["a=1;a=2;b=ab=c"], [""], ["é=ü;Σ=σ"]]
from mrjob.job import MRJob

QUOTES = ("'", '"')


class PartsOfTexts(MRJob):
    """Fields of lines by where their separators are, as a scanner finds them."""

    def mapper(self, _, line):
        start = 0
        while (end := line.find(";", start)) >= 0 or start < len(line):
            stop = len(line) if end < 0 else end
            where = line.find("=", start, stop)
            if where >= 0:
                yield line[start:where].strip(), line[where + 1 : stop].strip()
            start = stop + 1
        yield "counts", f"{line.count('=')}{line.count('=', 1)}{line.count('', 2, -1)}{line.rfind('=', None, -1)}"
        yield "ends", str(line.startswith(("a", "no", "é")) and not line.endswith(("c", "t"), 1))
        yield "first", str(line.startswith("=", line.find("=")) or line.startswith(QUOTES))
