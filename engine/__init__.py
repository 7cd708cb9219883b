"""The engine of Photofinish: raw in, stages, finished picture out. It knows no Qt."""
