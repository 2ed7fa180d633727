"""The Customised Computational Framework: metered MapReduce at the provider."""
