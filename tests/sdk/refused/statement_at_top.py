from totem_sdk import TotemJob

print("hello")  # refused: module-statement@1
if True:  # refused: module-statement@1
    LIMIT = 3


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n


Job.run()  # refused: module-statement@1
