# schema: {"name": "str", "n": "int", "x": "float", "text": "str"}
# data: [["a", 1, 0.5, "12"], ["b", 0, 0.0, "x"], ["c", -3, 2.5, "1 2 3"], ["", 7, 1.5, ""], ["e e", 2, 9.0, "9;8"], ["f", 100, -1.0, "-5"], ["g", 4, 0.25, "0"], ["h", 5, 3.5, "7;x;1"]]
"""try, except, else, finally, raise and assert; errors of operations and of helpers."""

from totem_sdk import TotemJob


def number(text):
    return int(text)


def positive(n):
    if n < 0:
        raise ValueError("negative: " + str(n))
    return n


def checked(n):
    assert n != 100, "a hundred"
    return 10 // n


def fails():
    raise RuntimeError


def parts(text, n):
    found = text.split(";")
    assert len(found) < n
    return found


class Job(TotemJob):
    def mapper_init(self):
        self.bad = 0

    def mapper(self, _, row):
        try:
            value = int(row.text)
        except ValueError:
            self.bad += 1
            value = -1
        yield "int", value
        try:
            yield "ratio", 10 // row.n + number(row.text)
        except (ZeroDivisionError, KeyError):
            yield "zero", row.n
        except ValueError as error:
            yield "no number", 1
        else:
            yield "good", 1
        finally:
            yield "always", 1
        try:
            first = row.text.split(";")[1]
        except LookupError:
            first = "none"
        yield first, 1
        try:
            kept = row.n
            kept = positive(row.n) + checked(row.n)
        except Exception:
            kept += 1000
        yield "kept", kept
        yield "left", self.left(row)
        yield "nested", self.nested(row.n, row.text)
        try:
            try:
                fails()
            finally:
                yield "finally", row.n
        except RuntimeError:
            yield "again", row.n
        try:
            a, b = parts(row.text, 3)
        except ValueError:
            yield "two parts wanted", len(row.text)
        except AssertionError:
            yield "too many", 1
        else:
            yield "two parts", len(a) + len(b)
        for word in row.text.split():
            try:
                if word == "2":
                    continue
                if word == "3":
                    break
                yield "word", int(word)
            except ValueError:
                continue
            finally:
                yield "word seen", 1
        else:
            yield "all words", 1

    def left(self, row):
        total = 0
        i = 0
        values = row.text.split(";")
        try:
            while True:
                total += int(values[i])
                i += 1
        except IndexError:
            return total
        except ValueError:
            return -1
        finally:
            self.bad += 0

    def nested(self, n, text):
        result = 0
        for i in range(4):
            try:
                try:
                    result += 12 // (n - i)
                    if result > 20:
                        return result
                except ZeroDivisionError:
                    if i == 2:
                        raise
                    result += 1
                    raise KeyError(text)
                finally:
                    result += 100
            except KeyError:
                result += 7
            except ArithmeticError:
                result += 70
        return result

    def mapper_final(self):
        yield "bad", self.bad

    def reducer(self, key, values):
        try:
            yield key, sum(values)
        except OverflowError:
            yield key, 0
