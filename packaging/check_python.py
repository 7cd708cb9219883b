"""Refuse a Python that is too old, in words. Runs before anything is installed."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the very check
    sys.exit(
        "Photofinish needs Python 3.11 or newer; this is "
        f"{sys.version_info.major}.{sys.version_info.minor}. "
        "Name another one: make PYTHON=/path/to/python3.11 run"
    )
