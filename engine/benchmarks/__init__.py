"""Benchmarks: what live rendering, gradients and export are worth, in figures."""
