"""What commands say about how much totem to put into escrow: what is accepted is not what is certainly enough."""

import json

import pytest
from typer.testing import CliRunner

from totem.cli.escrow import escrow_hint
from totem.cli.main import app
from totem.services.consumer import Consumer, Submission
from totem.services.errors import ProgramRefused, from_contract
from totem.services.publish import prepare, publish
from totem.services.report import Bounds
from totem_chaincode.errors import Refused
from totem_sdk.cost import MAX_TOTEM

UNBOUNDED = """from totem_sdk import TotemJob


class Slices(TotemJob):
    def mapper(self, _, row):
        left = row.bill
        while left > 1.0:
            left = left - 0.1
        yield row.cid, left
"""
DEAR = """from totem_sdk import TotemJob


class Dear(TotemJob):
    def mapper(self, _, row):
        if row.bill > 120.0:
            yield row.cid, row.bill * 1.1

    def reducer(self, cid, bills):
        yield cid, sum(bills)
"""


@pytest.fixture
def totem(home, tmp_path):
    (tmp_path / "dear.py").write_text(DEAR)
    (tmp_path / "slices.py").write_text(UNBOUNDED)

    def run(*words, who="alice"):
        env = {"TOTEM_HOME": str(home.root), "TOTEM_AS": who}
        return CliRunner().invoke(app, [str(word) for word in words], env=env)

    return run


def bounds_of(home, source, dataset="bills"):
    """Return the estimate of a job on a dataset, and what its policy asks for."""
    found = Consumer(home.session("alice")).estimate(Submission(source, "job.py", [dataset]))
    return Bounds(**found["estimate"]), found["needs"]


def test_an_estimate_tells_what_is_accepted_from_what_is_enough(home, totem, tmp_path):
    bounds, needs = bounds_of(home, DEAR)
    assert needs == bounds.lower < bounds.upper
    shown = totem("job", "estimate", tmp_path / "dear.py", "bills").stdout
    lines = [line.split("  ")[0] for line in shown.splitlines()]
    assert "escrow needed" not in shown
    assert f"accepted from {needs:,}; {bounds.upper:,} is certainly enough\n" in shown
    assert lines[:4] == ["at least", "probably", "at most", "escrow"]


def test_an_estimate_without_an_upper_bound_says_so(home, totem, tmp_path):
    bounds, needs = bounds_of(home, UNBOUNDED)
    assert bounds.upper is None
    shown = totem("job", "estimate", tmp_path / "slices.py", "bills").stdout
    assert f"accepted from {needs:,}; no amount is certainly enough\n" in shown


@pytest.mark.slow
def test_a_policy_that_asks_for_a_bound(fresh, tmp_path):
    file = tmp_path / "strict.csv"
    file.write_text("cid,bill\n1,2.5\n")
    publish(fresh.session("north"), fresh.store("north"), prepare("strict", [file], policy={"precheck": "upper"}))
    env = {"TOTEM_HOME": str(fresh.root), "TOTEM_AS": "alice"}
    for source, text in (
        (UNBOUNDED, "refused: a dataset's policy asks for an upper bound, and there is none"),
        (DEAR, f"accepted from {bounds_of(fresh, DEAR, 'strict')[0].upper:,}, which is certainly enough"),
    ):
        (tmp_path / "job.py").write_text(source)
        done = CliRunner().invoke(app, ["job", "estimate", str(tmp_path / "job.py"), "strict"], env=env)
        assert text in done.stdout


def test_a_refused_escrow_names_the_amount_that_is_enough(home, totem, tmp_path):
    bounds, needs = bounds_of(home, DEAR)
    totem("access", "request", "bills", "--purpose", "tests")
    words = ["job", "submit", tmp_path / "dear.py", "bills", "--totem", 1]
    done = totem(*words)
    assert done.exit_code == 2
    assert f"needs at least {needs:,} totem, the escrow is 1" in done.stderr
    amounts = f"probably {bounds.expected:,} is enough, {bounds.upper:,} certainly; what is not used comes back"
    hint = f"put more totem into escrow: {amounts}"
    assert f"hint: {hint}" in done.stderr
    assert json.loads(totem(*words, "--json").stdout)["error"]["hint"] == hint


def refused(**details):
    error = from_contract(Refused("needs at least 5 totem", code="precheck", details=details))
    assert isinstance(error, ProgramRefused)
    assert error.refusals[0].hint == error.hint
    return error.hint


@pytest.mark.parametrize("upper", [None, MAX_TOTEM + 1])
def test_an_amount_that_is_never_enough_or_never_there_is_not_named(upper):
    hint = refused(needs=5, estimate={"lower": 5, "expected": 1_234, "upper": upper})
    assert hint == "put more totem into escrow: it probably costs about 1,234, and no amount is certainly enough"


def test_what_is_probable_is_named_only_where_it_would_be_accepted_and_has_not_just_run_out():
    hint = refused(needs=900, estimate={"lower": 5, "expected": 7, "upper": 900})
    assert hint == "put more totem into escrow: 900 is certainly enough; what is not used comes back"
    bounds = Bounds(5, 7, 9_000)
    assert escrow_hint(bounds, 7) == "give more with --totem: 9,000 is certainly enough; what is not used comes back"
    assert "probably 7 is enough, 9,000 certainly" in escrow_hint(bounds, 6)
    assert escrow_hint(Bounds(5, 7, None), 6) == ""


def test_where_no_amount_is_accepted_none_is_asked_for():
    hint = refused(needs=None, estimate={"lower": 5, "expected": 7, "upper": None})
    assert "put more" not in hint
    assert "loops" in hint


@pytest.mark.slow
def test_a_job_that_ran_out_says_what_is_enough(fresh, serve, tmp_path):
    env = {"TOTEM_HOME": str(fresh.root), "TOTEM_AS": "alice"}
    for name, source in (("dear", DEAR), ("slices", UNBOUNDED)):
        (tmp_path / f"{name}.py").write_text(source)
        alice = Consumer(fresh.session("alice"))
        alice.request_access("bills", "tests")
        bounds, needs = bounds_of(fresh, source)
        job_id = alice.submit(Submission(source, "job.py", ["bills"], totem=needs))["job_id"]
        serve(fresh)
        assert alice.job(job_id)["state"] == "out_of_totem"
        for command in ("watch", "status"):
            done = CliRunner().invoke(app, ["job", command, job_id], env=env)
            if bounds.upper is None:
                assert "certainly" not in done.stderr
            else:
                assert f"hint: give more with --totem: probably {bounds.expected:,} is enough," in done.stderr
                assert f", {bounds.upper:,} certainly; what is not used comes back\n" in done.stderr
                assert done.stdout.splitlines()[4].split() == ["data", "6", "rows,", "1", "fragment"]
            assert "certainly" not in CliRunner().invoke(app, ["job", command, job_id, "--json"], env=env).output
