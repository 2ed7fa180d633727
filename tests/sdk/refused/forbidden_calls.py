from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        eval("1")  # refused: forbidden@9
        exec("import os")  # refused: forbidden@9
        open("/etc/passwd")  # refused: forbidden@9
        print(row.n)  # refused: forbidden@9
        compile("1", "x", "eval")  # refused: forbidden@9
        input()  # refused: forbidden@9
        globals()  # refused: forbidden@9
        breakpoint()  # refused: forbidden@9
        yield row.name, row.n
