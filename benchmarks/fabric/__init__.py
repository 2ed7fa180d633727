"""The ledger on Fabric: latency, throughput, whole jobs, many organisations. Runs where FABRIC_BIN is set."""
