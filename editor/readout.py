"""The pixel readout: what is on the screen, and the tap's own values."""

from editor.frame import Frame


def readout(frame: Frame | None, pixel: tuple[int, int] | None) -> str:
    """Position (full-size pixels), display RGB 0..255 and the tap's values at `pixel`.

    A live picture has 8 bits a channel and no more: two digits are all that it can tell.
    """
    if frame is None or pixel is None:
        return ""
    full, size = frame.request.photo.metadata.full_size, frame.image.size()
    x = min(pixel[0] * size.width() // full[0], size.width() - 1)
    y = min(pixel[1] * size.height() // full[1], size.height() - 1)
    shown = frame.image.pixelColor(x, y)
    if frame.tap is not None:
        values = [f"{value:.4f}" for value in frame.tap.image[0, :, y, x].tolist()]
    else:
        values = [f"{value:.2f}" for value in (shown.redF(), shown.greenF(), shown.blueF())]
    return (
        f"{pixel[0]}, {pixel[1]}    RGB {shown.red()} {shown.green()} {shown.blue()}    "
        f"{frame.stage.title}: {'  '.join(values)}"
    )
