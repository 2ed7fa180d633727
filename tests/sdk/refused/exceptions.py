from totem_sdk import TotemJob


class Job(TotemJob):
    def caught(self, x, text):
        try:
            x = int(text)
        except ValueError as error:
            return len(str(error))  # refused: exception@28
        except (ValueError, OSError):  # refused: exception@16
            return 1
        except self.kind:  # refused: exception@21
            return 2
        return x

    def raised(self, x):
        if x == 1:
            raise SystemExit(x)  # refused: exception@13
        if x == 2:
            raise ValueError("x", code=x)  # refused: exception@13
        if x == 3:
            raise ValueError("x") from KeyError("y")  # refused: exception@13
        for i in range(3):
            try:
                x += 1
            finally:
                for j in range(3):
                    break
                if x == 5:
                    return x  # refused: exception@21
                if x == 6:
                    break  # refused: exception@21
                continue  # refused: exception@17
        return x

    def hidden(self, ValueError):
        try:
            return int("3")
        except ValueError:  # refused: exception@16
            return 2

    def mapper(self, _, row):
        try:  # refused: exception@9
            yield row.name, row.n
        except* ValueError:
            yield row.name, 1
