import re

from totem_sdk import TotemJob

AHEAD = re.compile(r"[a-z]+(?=;)")  # refused: pattern@28
BEHIND = re.compile("(?<!a)b")  # refused: pattern@22
AGAIN = re.compile(r"(a)b\1")  # refused: pattern@26
NAMED = re.compile("(?P<x>a)(?P=x)")  # refused: pattern@29
ATOMIC = re.compile(r"a(?>b|c)d")  # refused: pattern@24
GREEDY = re.compile(r"a++b")  # refused: pattern@24
WHETHER = re.compile(r"(a)?(?(1)b|c)")  # refused: pattern@28
BROKEN = re.compile(r"a(b")  # refused: pattern@24
ESCAPED = re.compile("\\d(?=a)")  # refused: pattern@22
LARGE = re.compile("a{2000}")  # refused: too-large@20
STATES = re.compile("(?:a|b){300}a.{40}(?:x|a.{30})")  # refused: too-large@21
MANY = re.compile("()" * 3)  # refused: pattern@19
GROUPS = re.compile("()()()()()()()()()()()()()()()()()()()()()")  # refused: too-large@21
FLAGS = re.compile("a", re.L)  # refused: pattern@28
DEBUG = re.compile("a", flags=re.I + re.M)  # refused: pattern@31
KEYWORD = re.compile("a", flag=re.I)  # refused: keyword@27
NOTHING = re.compile()  # refused: argument@11
TYPED: str = re.compile("a")  # refused: annotation@8



class Job(TotemJob):
    def mapper(self, _, row):
        yield row.name, 1
