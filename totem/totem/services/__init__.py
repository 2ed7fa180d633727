"""The use cases: what consumer, provider and consortium do, without HTTP and without a terminal."""
