"""What a totem is worth in seconds: microbenchmarks, the fit of weights, whole programs, the dearest program."""
