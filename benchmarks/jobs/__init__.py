"""Jobs of ``benchmarks.columns``, as a consumer would write them."""
