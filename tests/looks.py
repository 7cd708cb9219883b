"""Looks that tests make: .cube files."""

from pathlib import Path

import numpy as np


def write_look(path: Path, side: int = 17, seed: int = 0) -> Path:
    """A table that warms, fades and bends colors, roughly; return `path`."""
    red, green, blue = np.moveaxis(np.stack(np.indices((side,) * 3)[::-1], -1), -1, 0) / (side - 1)
    look = np.stack(
        [
            0.9 * red**0.8 + 0.08 * green,
            0.1 * blue + 0.85 * green**1.3,
            0.75 * blue + 0.1 + 0.1 * red * green,
        ],
        -1,
    )
    rough = np.random.default_rng(seed).uniform(-0.02, 0.02, look.shape)
    rows = np.clip(look + rough, 0.0, 1.0).reshape(-1, 3)
    text = "\n".join(" ".join(f"{value:.6f}" for value in row) for row in rows)
    path.write_text(f'TITLE "made"\nLUT_3D_SIZE {side}\n{text}\n')
    return path
