"""darktable's modules, live: the programs of `engine.finishers.darktable` as compiled kernels."""
