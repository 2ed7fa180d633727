"""Each defect found in fabric-chaincode-python 2.5.4 is a test of ours, by name (docs/adr/0003)."""

import json
import logging
import threading
import warnings

import pytest

from tests.chaincode.shim.shim_people import identity
from totem_chaincode.errors import Refused
from totem_chaincode.stub import composite_key, organisation_collection

pytestmark = pytest.mark.slow

WHO = identity("peter", "StavangerMSP", "consumer")
OWN = organisation_collection("StavangerMSP")


def test_defect_events_dropped(run):
    assert run(lambda stub: stub.set_event("jobs.ended", b'{"job":1}')).event == ("jobs.ended", b'{"job":1}')
    assert run.peer.events == [("jobs.ended", {"job": 1})]


def test_defect_error_of_the_peer_returned_as_a_value(run):
    run.peer.faults["GET_STATE"] = "the state database is down"
    failed = run(lambda stub: stub.get_state("a") and None)
    assert failed.status == 500
    assert "the peer refused GET_STATE: GET_STATE failed" in failed.message
    assert failed.message.endswith("the state database is down")


def test_defect_failed_put_state_returns_success(run):
    run.peer.faults["PUT_STATE"] = "no write permission"
    failed = run(lambda stub: stub.put_state("a", b"1"))
    assert failed.status == 500
    assert "no write permission" in failed.message


def test_defect_transient_data_are_a_stub(run):
    assert json.loads(run(lambda stub: stub.transient["key"].decode(), transient={"key": "v"}).payload) == "v"


def test_defect_private_data_are_a_stub(run):
    run(lambda stub: stub.put_private_data(OWN, "k", b"v"))
    assert json.loads(run(lambda stub: stub.get_private_data(OWN, "k").decode()).payload) == "v"


def test_defect_certificate_attributes_always_empty(run):
    assert json.loads(run(lambda stub: dict(stub.creator.attributes)).payload) == {"role": "consumer"}


def test_defect_no_paging_bookmark(run):
    run(lambda stub: [stub.put_state(composite_key("k", [part]), b"1") for part in "abc"] and None)
    page = run(lambda stub: stub.get_state_by_partial_composite_key_with_pagination("k", [], 2, "").bookmark)
    assert json.loads(page.payload) == composite_key("k", ["c"])


def test_defect_exception_in_invoke_never_answers(run):
    def fail(stub):
        raise RuntimeError("the planted secret 5e11")

    failed = run(fail)
    assert failed.status == 500
    assert failed.tx_id in failed.message
    assert "5e11" not in failed.message


def test_a_contract_error_that_cant_be_written_is_answered_too(run):
    def refuse(stub):
        raise Refused("no", details={"share": 0.5})

    assert run(refuse).status == 500


@pytest.mark.slow
def test_defect_message_over_4_mb_kills_the_stream(run):
    large = b"x" * (5 << 20)
    assert run(lambda stub: stub.put_state("a", large)).status == 200
    assert json.loads(run(lambda stub: len(stub.get_state("a"))).payload) == len(large)
    answered = run(lambda stub: stub.get_state("a").decode(), transient={"large": large.decode()})
    assert len(answered.payload) == len(large) + 2


@pytest.mark.slow
def test_defect_unserialised_writes_fail_under_concurrency(scripted, serve, connect):
    peer = connect(serve(scripted))

    def many(stub, args):
        for number in range(20):
            stub.put_state(f"{args['n']}-{number}", b"x" * 1_000)
        return args["n"]

    scripted.calls["many"] = many
    running = [peer.begin(WHO, "many", {"n": number}) for number in range(50)]
    ended = [peer.finish(item) for item in running]
    assert [json.loads(item.payload) for item in ended] == list(range(50))
    assert [peer.commit(item) for item in ended] == ["VALID"] * 50
    assert len(peer.state.rows) == 1_000


def test_defect_two_threads_of_one_transaction_have_two_requests_outstanding(run):
    def threads(stub):
        found = []
        workers = [threading.Thread(target=lambda: found.append(stub.get_state("a"))) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return len(found)

    assert json.loads(run(threads).payload) == 8
    assert run.peer.violations == []


def test_defect_transient_secrets_logged(run, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "planted-5e11"

    def refuse(stub):
        raise Refused(f"no: {secret}", code="quota")

    def fail(stub):
        try:
            {}[secret]
        except KeyError as error:
            raise RuntimeError(secret) from error

    more = {"transient": {"key": secret, secret: "v"}, "args": {"source": secret}}
    for call in (lambda stub: secret, refuse, fail):
        run(call, commit=False, **more)
    run.peer.faults["PUT_STATE"] = f"refused with {secret}"
    run(lambda stub: stub.put_private_data(OWN, secret, secret.encode()), **more)
    run.peer.endorse(WHO, secret, transient={"key": secret})
    run.peer.endorse(WHO, "x", raw=[secret.encode(), secret.encode()])
    logged = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    assert "RuntimeError at" in logged
    assert "KeyError at" in logged
    assert secret not in logged


def test_defect_range_from_the_empty_key_returns_composite_keys(run):
    run(lambda stub: [stub.put_state(key, b"1") for key in ("plain", composite_key("k", ["a"]))] and None)
    assert json.loads(run(lambda stub: [row.key for row in stub.get_state_by_range("", "")]).payload) == ["plain"]


def test_defect_invoke_chaincode_misparses_the_reply(run):
    # Contracts never call other chaincodes, so there is nothing to parse: the stub has no such call.
    run(lambda stub: None)
    assert json.loads(run(lambda stub: hasattr(stub, "invoke_chaincode")).payload) is False
    assert "INVOKE_CHAINCODE" not in run.peer.seen


def test_defect_start_fails_on_python_3_12(scripted, serve, connect):
    # It leaned on the main thread's implicit event loop, which 3.12 no longer gives. CI runs this on 3.11 and 3.12.
    scripted.calls["hello"] = lambda stub, args: "hello"
    found = []

    def elsewhere():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found.append(serve(scripted))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(10)
    assert connect(found[0]).invoke(WHO, "hello") == "hello"
