"""A job with other intentions: it wants the provider's files, a way out of the language, and all the time there is."""

from totem_sdk import TotemJob


class Nosy(TotemJob):
    """Refused before anything runs; the demo shows the reasons."""

    def mapper(self, _, reading):
        secret = open("/etc/passwd").read()
        yield reading.home, secret
        yield reading.home, eval("__import__('os').environ")
        yield reading.home, reading.__class__.__mro__

    def reducer(self, home, values):
        send = lambda rows: [row for row in rows]
        yield home, send(values)
