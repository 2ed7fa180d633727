from __future__ import division  # refused: import@24

import typing as t  # refused: import@8
from typing import List, TypedDict  # refused: import@26

from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row) -> Iterator[int]:  # refused: unknown-name@33
        a: List[Optional[int]] = [row.n]  # refused: unknown-name@17
        yield row.name, division + t.x + TypedDict  # refused: unknown-name@36
