"""What ships with the program: sample photo, icons, weights."""

import engine  # noqa: F401 - before torch: it says how torch's threads wait
