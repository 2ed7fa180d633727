"""The published workflows, found in the messages between ledger, manager, master, updaters and workers.

Paper II: one master with the manager, two workers each with an updater. Patent, figure 8 (paper I, section 4.2): three
maps and two reduces, step by step. Both with a lease of one charge (audit mode) and with leases, with equal totals.
"""

from collections import Counter, defaultdict

import pytest

from totem_ccf.metering.recorder import read_records
from totem_sdk.interpreter import Machine

slow = pytest.mark.slow
MODES = pytest.mark.parametrize("audit", [pytest.param(True, id="audit"), pytest.param(False, id="leases", marks=slow)])

# The snippet of paper III as a mapper: what each node executes is its array of opcodes.
OPCODE_ARRAY = """
from totem_sdk import TotemJob

class OpcodeArray(TotemJob):
    def mapper(self, _, row):
        a = 1
        b = 2
        c = a + b
        d = 4.1
        for i in range(1, 4):
            c = c + i
            d = d - 0.1
        yield row.node, (c, d)
"""


def two_nodes(jobs, **fields):
    """One row on each of two nodes, one worker for each."""
    return jobs.make(OPCODE_ARRAY, {"node": "int"}, ["node\n1\n", "node\n2\n"], workers=2, trace=True, **fields)


def run_noted(jobs, spec):
    end = jobs.run_as_on_machine(spec)
    return end, read_records(spec.directory)


def of_updaters(records, message):
    """The messages of that name, by updater, in order."""
    found = defaultdict(list)
    for record in records:
        for name in (record["from"], record["to"]):
            if name.startswith("updater") and record["message"] == message:
                found[name].append(record)
                break
    return dict(found)


def charges_on_machine(spec):
    """Every charge of the machine that costs anything: (charge, totem, {(opcode, type): (count, totem)})."""
    paid = []
    machine = Machine(spec.priced, spec.params, audit=paid.append)
    machine.run_job([[(1,)], [(2,)]], spec.escrow, precheck=False)
    return [(charge.reason, charge.totem, dict(charge.items)) for charge in paid if charge.totem]


@pytest.mark.parametrize("executor", ["kernel", pytest.param("interpreter", marks=slow)])
def test_paper_two_each_opcode_is_priced_reported_and_answered(jobs, executor):
    spec = two_nodes(jobs, executor=executor, audit=True)
    end, records = run_noted(jobs, spec)
    expected = charges_on_machine(spec)
    each = expected[: len(expected) // 2]
    priced = of_updaters(records, "priced")
    assert set(priced) == {"updater 0.0.1", "updater 0.1.1"}
    for reports in priced.values():
        told = [
            (report["charge"], report["cost"], {(o, t): (n, totem) for o, t, n, totem in report["opcodes"]})
            for report in reports
        ]
        assert told == each
    # Every report got its answer, and the manager's balance ran down by what was reported.
    used, answers = of_updaters(records, "used"), of_updaters(records, "continue")
    for updater in priced:
        from_manager = [answer for answer in answers[updater] if answer["from"] == "manager"]
        assert [answer["seq"] for answer in from_manager] == [report["seq"] for report in used[updater]]
    assert end.used == sum(totem for _, totem, _ in expected)
    assert {record["message"] for record in records if record["from"] == "updater 0.0.1"} >= {"priced", "used"}


@slow
@MODES
@pytest.mark.parametrize("share", [1.0, 0.7, 0.2])
def test_paper_two_totals_are_equal_in_both_modes(jobs, audit, share):
    whole = two_nodes(jobs, audit=audit)
    cost = jobs.on_machine(whole).used
    spec = jobs.again(whole, escrow=int(cost * share), precheck=False)
    end, records = run_noted(jobs, spec)
    assert end.state == ("completed" if share == 1.0 else "out_of_totem")
    settled = next(record for record in records if record["message"] == "answer")
    assert settled["left"] == spec.escrow - end.used
    stops = of_updaters(records, "stop")
    assert bool(stops) == (share < 1.0)


@slow
def test_paper_two_bills_are_the_sum_of_the_reports(jobs):
    spec = two_nodes(jobs, audit=True)
    end, records = run_noted(jobs, spec)
    reported = Counter()
    for reports in of_updaters(records, "priced").values():
        for report in reports:
            for opcode, type_, _, totem in report["opcodes"]:
                reported[opcode, type_] += totem
    bill = Counter({(row.opcode, row.type): row.totem for row in jobs.on_machine(spec).bill})
    assert reported == bill
    assert end.used == sum(reported.values())


STEPS = {
    "1.1": ("ledger", "manager", "balance"),
    "1.2": ("ledger", "master", "code"),
    "2.1": ("master", "worker", "run"),
    "2.2": ("master", "manager", "phase-begun"),
    "3.1": ("manager", "updater", "available"),
    "3.2": ("worker", "updater", "function"),
    "4": ("updater", "updater", "estimate"),
    "5": ("updater", "worker", "execute"),
    "6": ("worker", "updater", "executed"),
    "7": ("updater", "updater", "priced"),
    "8": ("updater", "manager", "used"),
    "10": ("manager", "updater", "continue"),
    "11": ("updater", "worker", "continue"),
    "12.1": ("master", "manager", "phase-done"),
    "12.2": ("manager", "ledger", "settle"),
    "13": ("ledger", "manager", "answer"),
    "14": ("manager", "master", "release"),
    "15.1": ("manager", "ledger", "out-of-totem"),
    "15.2": ("manager", "master", "stop"),
    "result": ("master", "ledger", "end"),
}
NAMES = {message: step for step, message in STEPS.items()}


def published_steps(records):
    """The records that are steps of figure 8, each with its number."""
    found = []
    for record in records:
        key = (record["from"].split()[0], record["to"].split()[0], record["message"])
        if key in NAMES:
            found.append((NAMES[key], record))
    return found


def first_of_each(steps):
    """The numbers of the steps in the order of their first occurrence."""
    return list(dict.fromkeys(number for number, _ in steps))


def split_by_phase(steps):
    """The steps of each phase: a phase ends with what the ledger's answer leads to."""
    phases, current = [], []
    for number, record in steps:
        current.append((number, record))
        if number in ("14", "15.2") and record.get("phase") is not None and any(n == "13" for n, _ in current):
            phases.append(current)
            current = []
    return phases, current


@pytest.mark.slow
@MODES
def test_figure_eight_a_job_of_three_maps_and_two_reduces(jobs, audit):
    spec = jobs.three_steps(2, 12, workers=2, audit=audit, trace=True, executor="interpreter")
    end, records = run_noted(jobs, spec)
    steps = published_steps(records)
    assert sorted(first_of_each(steps)[:2]) == ["1.1", "1.2"]
    phases, rest = split_by_phase([step for step in steps if step[0] not in ("1.1", "1.2")])
    functions = [next(record["function"] for number, record in phase if number == "3.2") for phase in phases]
    assert functions == ["m1", "r1", "m2", "m3", "r2"]
    for index, phase in enumerate(phases):
        last = index == len(phases) - 1
        order = ["2.2", "2.1", "3.1", "3.2", "4", "5", "6", "7", "8", "10", "11", "12.1", "12.2", "13"]
        assert first_of_each(phase) == [*order, "15.2" if last else "14"]
        # 6 to 11 again and again, until the function is done: in each updater one after the other.
        for updater in {record["from"] for number, record in phase if number == "7"}:
            rounds = [
                number
                for number, record in phase
                if number in ("6", "7", "8", "10", "11") and updater in (record["from"], record["to"])
            ]
            assert rounds == ["6", "7", "8", "10", "11"] * (len(rounds) // 5)
    assert [number for number, _ in rest] == ["result"]
    assert end.state == "completed"


@pytest.mark.slow
@MODES
def test_figure_eight_out_of_totem_stops_everything(jobs, audit):
    whole = jobs.three_steps(2, 12, workers=2, audit=audit, trace=True, executor="interpreter")
    phases = jobs.on_machine(whole).phases
    # Enough for M1, R1, M2 and M3, and for a part of R2.
    escrow = sum(phase.charge for phase in phases[:4]) + phases[4].charge // 2
    spec = jobs.again(whole, escrow=escrow, precheck=False)
    end, records = run_noted(jobs, spec)
    steps = published_steps(records)
    phases, rest = split_by_phase([step for step in steps if step[0] not in ("1.1", "1.2")])
    assert len(phases) == 5
    ending = [number for number, _ in phases[-1] if number in ("15.1", "15.2", "12.1", "12.2", "13")]
    # The ledger and the master hear of it at the same time; the ledger answers; then everything has stopped.
    assert sorted(ending[:2]) == ["15.1", "15.2"]
    assert ending[2:] == ["13", "15.2"]
    stopped = next(at for at, (number, _) in enumerate(steps) if number == "15.1")
    assert not any(number == "10" for number, _ in steps[stopped:])
    # What the last reduce had finished is delivered.
    assert (end.state, end.partial) == ("out_of_totem", True)
    assert [number for number, _ in rest] == ["result"]


@slow
def test_figure_eight_totals_are_equal_in_both_modes(jobs):
    spec = jobs.three_steps(2, 12, workers=2)
    ends = [jobs.run_as_on_machine(jobs.again(spec, audit=audit)) for audit in (True, False)]
    assert ends[0].receipts == ends[1].receipts
    assert ends[0].result_sha256 == ends[1].result_sha256
