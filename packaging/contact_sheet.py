"""Render photos x sliders at both ends as one picture, to be looked at.

    python packaging/contact_sheet.py RAW... --out sheet.png [--sliders shadows clarity ...]

One row per photo and end: neutral, then each slider at its low (upper row) and high end.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

from engine.finishers.basic import BASIC
from engine.photo import Photo, open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings

CAPTION = 14


def main() -> None:
    """Write the sheet that the command line asks for."""
    names = [slider.name for slider in BASIC.sliders]
    parser = argparse.ArgumentParser(description="Photos x sliders at both ends, as one picture.")
    parser.add_argument("raws", nargs="+", type=Path, metavar="RAW")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--sliders", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--long-side", type=int, default=640, help="size of the render, in pixels")
    parser.add_argument("--width", type=int, default=320, help="of a picture on the sheet")
    parser.add_argument(
        "--crop", action="store_true", help="show the middle of the render, pixel for pixel"
    )
    asked = parser.parse_args()
    rows: list[list[Image.Image]] = []
    for raw in asked.raws:
        photo = finish(open_photo(raw)).reduced(asked.long_side)
        for end in ("low", "high"):
            pictures = renders(photo, asked.sliders, end)
            rows.append([cell(c, picture, asked.width, asked.crop) for c, picture in pictures])
    sheet(rows).save(asked.out)


def renders(photo: Photo, names: list[str], end: str) -> Iterator[tuple[str, Image.Image]]:
    """A caption and a picture for neutral and for each slider at its `end`, low or high."""
    renderer = Renderer(photo, BASIC)
    yield "neutral", picture(renderer, Settings())
    for slider in BASIC.sliders:
        if slider.name in names:
            value = getattr(slider, end)
            settings = Settings().replace(slider, value)
            yield f"{slider.title} {value:g}", picture(renderer, settings)


def picture(renderer: Renderer, settings: Settings) -> Image.Image:
    """The finished photo, 8 bits."""
    values = (renderer.picture(settings)[0] * 255.0 + 0.5).byte()
    return Image.fromarray(values.permute(1, 2, 0).numpy())


def cell(caption: str, picture: Image.Image, width: int, crop: bool) -> Image.Image:
    """`picture` made small, or the middle of it, under its caption."""
    height = round(picture.height * width / picture.width)
    if crop:
        left, top = (picture.width - width) // 2, (picture.height - height) // 2
        picture = picture.crop((left, top, left + width, top + height))
    else:
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    framed = Image.new("RGB", (width, height + CAPTION), (48, 48, 48))
    framed.paste(picture, (0, CAPTION))
    ImageDraw.Draw(framed).text((3, 1), caption, fill=(200, 200, 200))
    return framed


def sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Cells side by side, rows below each other."""
    width = max(sum(c.width for c in row) for row in rows)
    whole = Image.new("RGB", (width, sum(row[0].height for row in rows)))
    top = 0
    for row in rows:
        left = 0
        for one in row:
            whole.paste(one, (left, top))
            left += one.width
        top += row[0].height
    return whole


if __name__ == "__main__":
    main()
