"""A Hyperledger Fabric test network of plain processes on loopback: no Docker, nothing installed system-wide."""
