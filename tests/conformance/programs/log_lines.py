# data: [["1.2.3.4 - - [29/Feb/2024:23:59:58 +0000] \"GET /a/b?x=1 HTTP/1.1\" 200 512"], ["1.2.3.4 - - [01/mar/2024:00:00:01 +0000] \"POST /a/c HTTP/1.1\" 404 -"], ["broken"], ["5.6.7.8 - - [31/Feb/2024:10:00:00 +0000] \"GET / HTTP/1.0\" 200 9"], ["9.9.9.9 - - [02/Jan/2023:12:30:00 +0000] \"GET /img/x.png HTTP/1.1\" 500 77"], [""]]
import re
from datetime import datetime

from mrjob.job import MRJob

LINE = re.compile(r'(\S+) \S+ \S+ \[([^\] ]+)[^\]]*\] "(\w+) ([^ "]*)[^"]*" (\d+) (\S+)')


class LogLines(MRJob):
    """Requests and bytes by hour and kind of path, from an access log."""

    def mapper(self, _, line):
        if (m := LINE.match(line)) is None:
            yield "broken", (1, 0)
            return
        try:
            when = datetime.strptime(m.group(2), "%d/%b/%Y:%H:%M:%S")
        except ValueError:
            yield f"no date: {m.group(2)}", (1, 0)
            return
        path = re.sub(r"\?.*|\d+", "", m.group(4))
        kind = "image" if path.endswith((".png", ".jpg")) else "root" if path == "/" else path[1 : path.find("/", 1)]
        size = 0 if m.group(6) == "-" else int(m.group(6))
        yield f"{when:%Y-%m-%d %H}h {m.group(3):>4} {kind} {m.group(5)[0]}xx", (1, size)

    def reducer(self, key, sizes):
        number = total = 0
        for one, size in sizes:
            number += one
            total += size
        yield key, f"{number} requests, {total / 1024:.2f} KiB"
