"""Results, keys and codes planted in a story on the embedded ledger: which of its files have them."""

import pytest

pytestmark = pytest.mark.slow

RESULT = '["planted-result-of-peter",1]\n'


@pytest.fixture
def planted(embedded):
    story = embedded.story
    access = story.ready()
    job_id = story.submit(access)
    code = story.invoke("utility", "access.code", {"job_id": job_id})["code"]
    story.accept(job_id)
    for index in range(2):
        story.settle(job_id, index, 5)
    story.complete(job_id, RESULT)
    receipts = story.invoke("utility", "results.receipts", {"job_id": job_id})["receipts"]
    embedded.ledger.close()
    consumer, provider = "_implicit_org_StavangerMSP.db", "_implicit_org_UtilityMSP.db"
    return {
        "planted-result-of-peter": {consumer},
        access[1]: {consumer},
        code: {provider},
        receipts[0]["salt"]: {consumer, provider},
    }


def test_nothing_is_in_a_file_of_somebody_else(embedded, planted):
    files = [path for path in embedded.folder.rglob("*") if path.is_file()]
    assert any(path.name == "ledger.db" for path in files)
    for secret, entitled in planted.items():
        found = {path.name.removesuffix("-wal") for path in files if secret.encode() in path.read_bytes()}
        assert found == entitled, secret[:16]
