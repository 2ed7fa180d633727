import pytest

from totem_ccf.kernel import KernelCache, KernelExecutor, TamperedEntry, compile_kernel
from totem_sdk.cost import price
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.task import Escrow

KEY = b"k" * 32
SOURCE = """
from totem_sdk import TotemJob

class Job(TotemJob):
    def mapper(self, _, row):
        yield row.n, row.n + 1
"""


@pytest.fixture
def priced():
    return price(compile_job(SOURCE, Schema.of({"n": "int"})), load("standard-1"))


@pytest.fixture
def cache(tmp_path):
    return KernelCache(tmp_path, KEY)


def entry_of(priced, cache):
    return cache.get(priced.program.program_id, priced.table.table_id)


def run(compiled, row_batch):
    out = []
    batch = row_batch(compiled.priced.program.schema, (0,), [(1,), (2,)])
    result = KernelExecutor(compiled, {}).run_map(0, iter([batch]), Escrow(1000), out.append)
    return result, [each.to_pydict() for each in out]


def test_an_entry_runs_like_what_was_compiled(priced, cache, row_batch):
    assert entry_of(priced, cache) is None
    compiled = cache.compiled(priced)
    found = entry_of(priced, cache)
    assert found.priced.program == priced.program
    assert run(found, row_batch) == run(compiled, row_batch) == run(compile_kernel(priced), row_batch)


def test_the_second_time_nothing_is_compiled(priced, cache, monkeypatch):
    cache.compiled(priced)
    monkeypatch.setattr("totem_ccf.kernel.cache.compile_kernel", None)
    assert cache.compiled(priced).priced.program == priced.program


def test_tables_have_entries_of_their_own(priced, cache):
    cache.compiled(priced)
    other = price(priced.program, load("paper-2019"))
    assert entry_of(other, cache) is None


@pytest.mark.parametrize("position", [0, 31, 32, 200, -1])
def test_an_entry_that_was_changed_is_not_loaded(priced, cache, tmp_path, position):
    cache.compiled(priced)
    (path,) = tmp_path.glob("*.kernel")
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    with pytest.raises(TamperedEntry, match=path.name):
        entry_of(priced, cache)


def test_an_entry_under_another_name_is_not_loaded(priced, cache, tmp_path):
    cache.compiled(priced)
    (path,) = tmp_path.glob("*.kernel")
    stolen = "0" * 64
    path.rename(path.with_name(path.name.replace(priced.program.program_id, stolen)))
    with pytest.raises(TamperedEntry):
        cache.get(stolen, priced.table.table_id)


def test_another_key_is_not_trusted(priced, cache, tmp_path):
    cache.compiled(priced)
    with pytest.raises(TamperedEntry):
        entry_of(priced, KernelCache(tmp_path, b"x" * 32))
    with pytest.raises(ValueError, match="32 bytes"):
        KernelCache(tmp_path, b"short")


def test_entries_are_for_reading_only(priced, cache, tmp_path):
    cache.compiled(priced)
    (path,) = tmp_path.glob("*.kernel")
    assert path.stat().st_mode & 0o222 == 0
