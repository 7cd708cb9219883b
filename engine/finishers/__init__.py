"""Finishers: each an ordered tuple of stages."""
