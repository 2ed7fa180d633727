"""Benchmarks against DuckDB, pandas and mrjob: `make bench`."""
