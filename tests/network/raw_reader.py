"""A chaincode that reads private data as they are: what an organisation can get out of its own peer."""

from __future__ import annotations

from totem_chaincode.stub import composite_key, organisation_collection


class RawReader:
    """Answers ``raw.read`` with whether the peer gives a private value, whoever asks."""

    def invoke(self, stub, function, args):
        assert function == "raw.read"
        where = organisation_collection(args["msp_id"]), composite_key(args["kind"], args["parts"])
        value, digest = stub.get_private_data(*where), stub.get_private_data_hash(*where)
        return {
            "value": None if value is None else value.decode(),
            "hash": None if digest is None else digest.hex(),
        }


def chaincode() -> RawReader:
    return RawReader()
