"""Two formats for tests: what contracts of an earlier release wrote, and what the next one makes of it.

The second one notes in every dataset's version and every entry of an account which format it is in, and forgets the
requests for totem; everything else that the contracts work with stays as it was.
"""

from __future__ import annotations

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.formats import Formats, Migration
from totem_chaincode.testing import ToyEvaluator


def _mark(parts, record):
    return {**record, "format": 2}


def _drop(parts, record):
    return None


MARKS = Migration(
    "datasets and entries say their format",
    {"dataset_version": _mark, "entry": _mark, "totem_request": _drop, "totem_request_of": _drop},
)
OLDER = Formats([])
NEWER = Formats([MARKS])


def older() -> Chaincode:
    return Chaincode(ToyEvaluator(), OLDER)


def newer() -> Chaincode:
    return Chaincode(ToyEvaluator(), NEWER)
