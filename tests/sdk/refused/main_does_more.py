from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, row.n


if __name__ == "__main__":  # refused: module-statement@1
    print("starting")
    Job.run()
