from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        a = f"{row.name!r} {row.n!a} {row.kwh}"  # refused: format@16 format@29 maybe-none@39
        b = f"{row.n:{row.n}}" + f"é{row.n:>{self.nothing}}"  # refused: format@27 state@51
        c = f"{}"  # refused: f-string@15
        d = f"{row.n" + f"}"  # refused: f-string@15 f-string@27
        e = f"{row.n +}{row.n:q}"  # refused: f-string@16 format@25
        f = f"{f'{row.n}'}"  # refused: f-string@17
        g = f"{row.n!x}"  # refused: f-string@21
        h = f"{'#'}{row.nmae}"  # refused: f-string@17
        i = f"\{row.n}"  # refused: f-string@15
        j = f"{row.n:{1:{2}}}"  # refused: f-string@25
        k = f"{row.name=}{(row.n]}"  # refused: f-string@33
        m = f"""{row.name}
            {row.when} {row.nmae}"""  # refused: maybe-none@14 unknown-column@29
        n = f"{row.name=}"  # refused: format@16
        yield f"{row.name}/{row.n}", 1
