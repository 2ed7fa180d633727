"""The contracts, written against a stub with Hyperledger Fabric's semantics."""
