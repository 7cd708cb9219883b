"""The engine of Photofinish: raw in, stages, finished picture out. It knows no Qt."""

import os

# Torch's threads sleep while they wait for each other instead of spinning: a render is as fast on a
# quiet machine and many times faster on a busy one. OpenMP reads it once, when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"
