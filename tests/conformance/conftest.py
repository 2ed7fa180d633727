"""The corpus of accepted jobs: any test that takes ``corpus_job`` runs once for each; ``corpus`` is the list of all."""

import pytest
from corpus import CorpusJob, load_all


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "corpus_job" in metafunc.fixturenames:
        jobs = load_all()
        metafunc.parametrize("corpus_job", jobs, ids=[job.name for job in jobs])


@pytest.fixture
def corpus() -> list[CorpusJob]:
    """Return every job of the corpus."""
    return load_all()
