"""The decoder's process: everything that reads a stranger's file happens here.

Started by `engine.raw.process` under limits of time and memory; without torch and Qt, so that it
starts fast. Writes JSON lines to standard output: {"progress": [done, total, note]}, then
{"answer": ...} or {"error": sentence}. Pixels go to the file descriptor that the request names,
float32, planar (3, H, W).
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import PhotofinishError

TOO_LARGE = "This file needs more memory than Photofinish allows for one photo."
DAMAGED = "This file is damaged or incomplete."


def main(request: str) -> None:
    """Serve one request, given as JSON."""
    asked: dict[str, Any] = json.loads(request)
    limit(asked["memory"], asked["seconds"])
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer of ours

    def say(**message: object) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    try:
        say(answer=serve(asked, say))
    except PhotofinishError as error:
        say(error=str(error))
    except MemoryError:
        say(error=TOO_LARGE)
    except Exception as error:  # noqa: BLE001 - the process boundary, our one catch-all
        sys.stderr.write(f"{error!r}\n")
        text = str(error).lower()
        say(error=TOO_LARGE if "memory" in text or "alloc" in text else DAMAGED)


def limit(memory: int, seconds: float) -> None:
    """Have the system end this process where it takes too much, even if nobody watches it."""
    try:
        import resource
    except ImportError:  # not on Windows: there the parent's clock is the only limit
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    allowed = int(seconds * (os.cpu_count() or 1)) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(asked: dict[str, Any], say: Any) -> dict[str, Any]:
    """Answer a request: `what` is "photo", "describe" or "preview"."""
    path = Path(asked["path"])
    say(progress=[0, 3, "Reading"])
    with path.open("rb") as file:
        if asked["what"] == "preview":
            from engine.raw.preview import preview

            return preview(path, file, asked["pixels"], asked["long_side"])
        return photo(path, file, asked, say)


def photo(path: Path, file: BinaryIO, asked: dict[str, Any], say: Any) -> dict[str, Any]:
    """Describe the raw, and decode its pixels where they are asked for."""
    from engine.raw import dng
    from engine.raw.develop import develop, full_size
    from engine.raw.reduce import reduction
    from engine.raw.sniff import open_tiff
    from engine.raw.tiles import readable

    tiff = open_tiff(file)
    described = dng.describe(tiff) if tiff is not None and dng.is_dng(tiff) else None
    if tiff is not None and described is not None and readable(described.raw):
        sensor = dng.decode(tiff, described)
    else:
        from engine.raw import libraw

        stated = described
        described, sensor = libraw.decode(path, stated)
        if stated is not None:
            sensor = dng.completed(sensor, stated)
    answer: dict[str, Any] = {
        "camera": without_bulk(described.camera).to_json(),
        "raw": without_bulk(described.raw).to_json(),
        "exif": without_bulk(described.exif).to_json(),
        "gps": described.gps.to_json(),
        "order": "<" if tiff is None else tiff.order,
        "facts": described.facts,
        "full_size": full_size(sensor),
        "colors": sensor.colors,
        "mosaic": None if sensor.pattern is None else sensor.pattern.tolist(),
        "saturation": None if sensor.saturation is None else sensor.saturation.tolist(),
        "reduction": reduction(described.camera, sensor.colors, sensor.neutral),
    }
    if asked["what"] == "photo":
        say(progress=[1, 3, "Demosaicing"])
        picture = develop(sensor, half=asked["half"])
        del sensor
        say(progress=[2, 3, "Handing over"])
        answer["shape"] = hand_over(picture, answer["reduction"], asked["pixels"])
    return answer


BULK = (700, 50740, 37500, 330, 273, 279, 324, 325, 51008, 51009, 51022, 50712, 34665, 34853)
"""Tags that nobody reads from the answer: XMP, makers' notes, offsets, opcodes."""


def without_bulk(tags: Any) -> Any:
    """The tags that are worth sending."""
    return type(tags)({tag: value for tag, value in tags.items() if tag not in BULK})


def hand_over(picture: Any, matrix: list[list[float]], descriptor: int) -> list[int]:
    """Write `picture` (H, W, colors) as (3, H, W) to the descriptor's file; return that shape."""
    import mmap

    import numpy as np

    height, width, colors = picture.shape
    size = 3 * height * width * 4
    os.ftruncate(descriptor, size)
    with mmap.mmap(descriptor, size) as shared:
        out = np.frombuffer(shared, np.float32).reshape(3, height, width)
        for i in range(3):
            if not matrix:
                out[i] = picture[..., i]
                continue
            out[i] = picture[..., 0] * np.float32(matrix[i][0])
            for color in range(1, colors):
                out[i] += picture[..., color] * np.float32(matrix[i][color])
        del out
    return [3, height, width]
