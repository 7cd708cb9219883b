"""The engine of Photofinish: raw in, stages, finished picture out. It knows no Qt."""

__version__ = "0.1.0"
