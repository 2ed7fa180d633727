import math as m  # refused: import@8
import os  # refused: import@8
from math import floor as down  # refused: import@18
from math import fsum, pi, sqrt  # refused: import@18
from math import *  # refused: import@18
from . import math  # refused: import@15

from totem_sdk import TotemJob


def sqrt(x):  # refused: duplicate@1
    return x


pi = 3  # refused: duplicate@1


class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, sqrt(row.n) + os + fsum
