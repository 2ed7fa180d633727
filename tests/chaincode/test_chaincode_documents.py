"""Documents that are made from declarations, and what the declarations promise of each other."""

import inspect
from pathlib import Path

import pytest

from totem_chaincode import describe
from totem_chaincode.arguments import Optional, Text
from totem_chaincode.errors import Conflict, Invalid
from totem_chaincode.job_states import ENDED, OPEN, TRANSITIONS, next_state
from totem_chaincode.policy import ENFORCED, NOT_ENFORCED
from totem_chaincode.registry import REGISTRY

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts.md"


def test_the_document_says_what_the_registry_says():
    document = CONTRACTS.read_text(encoding="utf-8")
    assert describe.embed(document) == document, "run: python -m totem_chaincode.describe docs/contracts.md"
    assert {name.split(".")[0] for name in REGISTRY} == set(describe.CONTRACTS)
    for field in (*ENFORCED, *NOT_ENFORCED):
        assert f"`{field}`" in document


def test_a_document_without_markers_is_not_touched():
    with pytest.raises(ValueError, match="has no lines"):
        describe.embed("# something else")


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_a_handler_takes_exactly_what_is_declared(name):
    declared = REGISTRY[name]
    assert declared.effect.endswith(".")
    parameters = inspect.signature(declared.handler).parameters
    wanted = {*declared.arguments, *declared.transient}
    named = {key for key, item in parameters.items() if item.kind is inspect.Parameter.KEYWORD_ONLY}
    if any(item.kind is inspect.Parameter.VAR_KEYWORD for item in parameters.values()):
        assert named <= wanted
    else:
        assert named == wanted
    assert not set(declared.arguments) & set(declared.transient)
    assert declared.read_only == (declared.event is None)
    assert not (declared.read_only and declared.transient)


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_a_text_that_ends_in_a_key_has_a_pattern(name):
    """Composite keys may hold neither U+0000 nor U+10FFFF."""
    for argument, field in REGISTRY[name].arguments.items():
        inner = field.field if isinstance(field, Optional) else field
        if argument.endswith("_id") or argument in ("account", "to", "participant", "provider", "request_key"):
            assert isinstance(inner, Text)
            assert inner.pattern is not None, argument


@pytest.mark.parametrize("action", sorted(TRANSITIONS))
@pytest.mark.parametrize("state", OPEN + ENDED)
def test_only_listed_transitions_are_possible(action, state):
    job = {"job_id": "job-1", "state": state, "verdict": "nothing that any action asks for"}
    if state not in TRANSITIONS[action]:
        with pytest.raises(Conflict, match=f"is {state}: it can't be"):
            next_state(job, action)
    assert not (state in ENDED and state in TRANSITIONS[action])


def free_texts():
    """Yield every text without a pattern that a transaction takes, but for source and result."""
    for declared in REGISTRY.values():
        for name, field in {**declared.arguments, **declared.transient}.items():
            inner = field.field if isinstance(field, Optional) else field
            if isinstance(inner, Text) and inner.pattern is None and name not in ("source", "result"):
                yield f"{declared.name}.{name}", inner


@pytest.mark.parametrize(("place", "field"), list(free_texts()))
def test_free_text_has_no_control_characters(place, field):
    assert field.check("näheres: 5 %, „so“ 𝛑", place)
    for character in "\0\x07\x1b\x7f\x85\x9b\u2028\u2029\u202e\u2066":
        with pytest.raises(
            Invalid, match=f"{place}: .* has no control characters .character 3 is U.{ord(character):04X}"
        ):
            field.check(f"ab{character}c", place)
    if field.prose == "line":
        with pytest.raises(Invalid):
            field.check("a\nb", place)


def test_there_is_free_text_to_be_checked():
    assert len(list(free_texts())) > 10


def test_a_tables_name_has_no_control_characters(story):
    story.found()
    with pytest.raises(Invalid, match=r"document\.name: a table name has no control characters"):
        story.agree_on_table({"name": "to\x1b[31my", "weights": {"read": 1}})
