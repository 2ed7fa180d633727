from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        x = await row.n  # refused: async@13
        async for i in range(3):  # refused: async@9
            pass
        async with row as r:  # refused: async@9
            pass
        yield row.name, row.n
