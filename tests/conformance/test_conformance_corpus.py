"""The corpus of accepted jobs: compiled, interpreted, and compared with CPython on the machine's schedule."""

from totem_sdk import table
from totem_sdk.cost import price
from totem_sdk.cpython import CPythonJob
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.opcodes import OPCODES
from totem_sdk.parameters import bind
from totem_sdk.program import Program
from totem_sdk.values import result_line

PLENTY = 1 << 50


def compiled(corpus_job):
    program = compile_job(corpus_job.source, corpus_job.schema)
    return price(program, table.load("standard-1")), bind(program, corpus_job.params)


def test_the_program_is_canonical(corpus_job):
    program = compile_job(corpus_job.source, corpus_job.schema)
    assert Program.decode(program.encode()) == program
    assert compile_job(corpus_job.source, corpus_job.schema).program_id == program.program_id


def test_interpreter_and_cpython_give_the_same_result(corpus_job):
    priced, params = compiled(corpus_job)
    run = Machine(priced, params).run_job(corpus_job.fragments, PLENTY)
    if corpus_job.fails is not None:
        assert run.state == "failed"
        assert (run.error.kind, run.error.line) == corpus_job.fails
        return
    assert run.state == "completed"
    expected = CPythonJob(corpus_job.source, priced.program, params).run(corpus_job.fragments)
    assert [result_line(*pair) for pair in run.result] == [result_line(*pair) for pair in expected]
    assert run.result


def test_exactly_its_cost_is_enough_and_one_less_is_not(corpus_job):
    priced, params = compiled(corpus_job)
    run = Machine(priced, params).run_job(corpus_job.fragments, PLENTY)
    again = Machine(priced, params).run_job(corpus_job.fragments, run.used, precheck=False)
    assert (again.state, again.used) == (run.state, run.used)
    short = Machine(priced, params).run_job(corpus_job.fragments, run.used - 1, precheck=False)
    assert short.state == "out_of_totem"


def test_the_corpus_covers_every_opcode(corpus):
    seen = {op.code for job in corpus for block in compile_job(job.source, job.schema).blocks for op in block.ops}
    assert seen == set(OPCODES)
