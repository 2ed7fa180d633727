"""For tests: a ledger in memory, an evaluator whose programs are a few numbers, and a story that drives both."""

from totem_chaincode.testing.joint_story import JointStory
from totem_chaincode.testing.memory import MemoryLedger, MemoryState, Simulated, creator
from totem_chaincode.testing.story import PEOPLE, PEOPLE_OF_TWO, Person, Story, secret
from totem_chaincode.testing.toy import ToyEvaluator, toy_source

__all__ = [
    "PEOPLE",
    "PEOPLE_OF_TWO",
    "JointStory",
    "MemoryLedger",
    "MemoryState",
    "Person",
    "Simulated",
    "Story",
    "ToyEvaluator",
    "creator",
    "secret",
    "toy_source",
]
