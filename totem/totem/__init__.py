"""The server that ties SDK, contracts and framework together: ledger, services, API and command line."""
