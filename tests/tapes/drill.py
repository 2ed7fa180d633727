"""The chaincode that is on the tapes: one function for each thing that a contract may ask of its stub.

It is none of TOTEM's contracts, so that a changed contract leaves the tapes as they are.
"""

from __future__ import annotations

from totem_chaincode import canonical
from totem_chaincode.errors import Refused
from totem_chaincode.stub import composite_key

TYPE = "row"


class Drill:
    """What ``ChaincodeServer`` serves on the tapes."""

    def invoke(self, stub, function, args):
        return getattr(self, f"on_{function}")(stub, **args)

    def on_who(self, stub):
        creator = stub.creator
        return [creator.msp_id, creator.common_name, dict(creator.attributes), stub.timestamp % 1_000 >= 0]

    def on_put(self, stub, key, value):
        stub.put_state(key, value.encode())
        return key

    def on_put_rows(self, stub, group, count):
        for number in range(count):
            stub.put_state(_row(group, number), f"value {number}".encode())
        return count

    def on_get(self, stub, key):
        return _text(stub.get_state(key))

    def on_get_several(self, stub, keys):
        return [_text(value) for value in stub.get_states(keys)]

    def on_delete(self, stub, key):
        stub.del_state(key)

    def on_increment(self, stub, key):
        before = int(stub.get_state(key) or b"0")
        stub.put_state(key, str(before + 1).encode())
        return [before, _text(stub.get_state(key))]  # no read-your-writes: the second one is the committed value too

    def on_range(self, stub, start, end):
        return [[row.key, _text(row.value)] for row in stub.get_state_by_range(start, end)]

    def on_rows(self, stub, group):
        return [_text(row.value) for row in stub.get_state_by_partial_composite_key(TYPE, [group])]

    def on_count_rows(self, stub, group):
        count = sum(1 for _ in stub.get_state_by_partial_composite_key(TYPE, [group]))
        stub.put_state(f"rows of {group}", str(count).encode())
        return count

    def on_first_row(self, stub, group):
        return _text(next(stub.get_state_by_partial_composite_key(TYPE, [group])).value)

    def on_two_ranges(self, stub, group):
        rows = zip(
            stub.get_state_by_partial_composite_key(TYPE, [group]),
            stub.get_state_by_range("", ""),
            strict=False,
        )
        return [[_text(one.value), other.key] for one, other in rows]

    def on_page(self, stub, group, size, bookmark):
        page = stub.get_state_by_partial_composite_key_with_pagination(TYPE, [group], size, bookmark)
        return {"rows": [_text(row.value) for row in page.rows], "bookmark": page.bookmark}

    def on_history(self, stub, key):
        return [_text(change.value) for change in stub.get_history_for_key(key)]

    def on_keep_secret(self, stub, collection, key):
        stub.put_private_data(collection, key, stub.transient["secret"])
        stub.set_event("secret kept", canonical.encode(key))

    def on_tell_secret(self, stub, collection, key):
        return _text(stub.get_private_data(collection, key))

    def on_hash_of_secret(self, stub, collection, key):
        found = stub.get_private_data_hash(collection, key)
        return found.hex() if found else None

    def on_purge_secret(self, stub, collection, key):
        stub.purge_private_data(collection, key)
        stub.set_event("secret purged", canonical.encode(key))

    def on_shout(self, stub, text):
        stub.put_state("shouted", text.encode())
        stub.set_event("shouted", canonical.encode(text))
        return text

    def on_large(self, stub, size):
        stub.put_state("large", b"x" * size)
        return len(stub.get_state("large") or b"")

    def on_refuse(self, stub, why):
        stub.put_state("refused", b"never")
        raise Refused(why, code="drill", details={"why": why})

    def on_break(self, stub):
        stub.put_state("broken", b"never")
        raise RuntimeError("a text that nobody outside may see")


def _row(group, number):
    return composite_key(TYPE, [group, f"{number:04}"])


def _text(value):
    return None if value is None else value.decode()
