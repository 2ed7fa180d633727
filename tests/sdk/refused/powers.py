import math
from math import sqrt

from totem_sdk import TotemJob

BIG = 2**64  # refused: int-range@7
pi = math.pi


def floor(x):
    return x


class Job(TotemJob):
    TWICE = math.sqrt(4.0)  # refused: constant@13

    def mapper(self, _, row):
        a = row.n**row.name  # refused: type@24
        b = row.day**2  # refused: type@17
        c = row.maybe**2  # refused: maybe-none@17
        d = pow(row.n, 2, 7)  # refused: argument@13
        e = math.sqrt(row.name)  # refused: type@27
        f = sqrt(row.n, 2)  # refused: argument@13
        g = math.gcd(row.n, row.x)  # refused: type@33
        h = math.hypot(row.x)  # refused: argument@13
        i = math.fsum(row.x)  # refused: unknown-function@13
        j = math.pie  # refused: unknown-name@13
        k = math.sqrt  # refused: unknown-name@13
        l = math  # refused: unknown-name@13
        m = math.log(row.maybe)  # refused: maybe-none@26
        math.pi = 3  # refused: unknown-name@9 target@14
        n = math.perm(1, 2, 3)  # refused: argument@13
        yield row.name, floor(row.n)
