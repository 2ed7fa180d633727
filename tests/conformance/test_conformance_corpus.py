"""The corpus of accepted jobs: compiled, interpreted, and compared with CPython on the machine's schedule."""

from published_statistics import published

from totem_sdk.cpython import CPythonJob
from totem_sdk.estimate import estimate
from totem_sdk.lang import compile_job
from totem_sdk.opcodes import OPCODES
from totem_sdk.parameters import bind
from totem_sdk.program import Program
from totem_sdk.statistics import Statistics
from totem_sdk.values import result_line


def test_the_program_is_canonical(corpus_job):
    program = corpus_job.program
    assert Program.decode(program.encode()) == program
    assert compile_job(corpus_job.source, corpus_job.schema).program_id == program.program_id


def test_interpreter_and_cpython_give_the_same_result(corpus_job):
    run = corpus_job.whole
    if corpus_job.fails is not None:
        assert run.state == "failed"
        assert (run.error.kind, run.error.line) == corpus_job.fails
        return
    assert run.state == "completed"
    params = bind(corpus_job.program, corpus_job.params)
    expected = CPythonJob(corpus_job.source, corpus_job.program, params).run(corpus_job.fragments)
    assert [result_line(*pair) for pair in run.result] == [result_line(*pair) for pair in expected]
    assert run.result


def test_exactly_its_cost_is_enough_and_one_less_is_not(corpus_job):
    run = corpus_job.whole
    again = corpus_job.machine.run_job(corpus_job.fragments, run.used, precheck=False)
    assert (again.state, again.used) == (run.state, run.used)
    short = corpus_job.machine.run_job(corpus_job.fragments, run.used - 1, precheck=False)
    assert short.state == "out_of_totem"


def test_the_estimate_bounds_its_cost(corpus_job):
    run = corpus_job.whole
    if run.state != "completed":
        return
    schema, fragments = corpus_job.schema, corpus_job.fragments
    params = bind(corpus_job.program, corpus_job.params)
    everything = published(schema, fragments)
    for statistics in (everything, Statistics(everything.rows, everything.fragments)):
        bounds = estimate(corpus_job.priced, [statistics], params)
        assert bounds.lower <= run.used
        assert bounds.upper is None or run.used <= bounds.upper


def test_the_corpus_covers_every_opcode(corpus):
    seen = {op.code for job in corpus for block in job.program.blocks for op in block.ops}
    assert seen == set(OPCODES)
