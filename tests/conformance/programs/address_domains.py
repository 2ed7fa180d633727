# data: [["Ann <ann@mail.example.org>"], ["bob@example.org"], ["nobody"], ["a@b@c"], ["eve@EXAMPLE.org; dan@x.y"], [""]]
import re

from mrjob.job import MRJob

ADDRESS = re.compile(r"([\w.]+)@([\w.]+)")


class AddressDomains(MRJob):
    """Addresses by domain, and how deep the domains are."""

    def mapper(self, _, line):
        found = ADDRESS.search(line)
        if found is None:
            yield "(none)", ("", 0)
            return
        for address in line.replace("@", " at ").split(";"):
            if " at " in address:
                user, _, domain = address.rpartition(" at ")
                domain = domain.rstrip("> ").lower()
                yield domain, (user.split("<")[-1].strip(), domain.count("."))

    def reducer(self, domain, users):
        names = []
        depth = 0
        for name, dots in users:
            names.append(name)
            depth = max(depth, dots)
        yield domain, (", ".join(sorted(names)), depth)
