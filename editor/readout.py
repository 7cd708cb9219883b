"""The pixel readout: what is on the screen, and the tap's own values."""

from editor.render_thread import Frame


def readout(frame: Frame | None, pixel: tuple[int, int] | None) -> str:
    """Position (full-size pixels), display RGB 0..255 and the tap's values at `pixel`."""
    if frame is None or pixel is None:
        return ""
    full, size = frame.request.photo.metadata.full_size, frame.image.size()
    x = min(pixel[0] * size.width() // full[0], size.width() - 1)
    y = min(pixel[1] * size.height() // full[1], size.height() - 1)
    shown = frame.image.pixelColor(x, y)
    values = "  ".join(f"{value:.4f}" for value in frame.tap.image[0, :, y, x].tolist())
    stage = frame.tap.stage
    return (
        f"{pixel[0]}, {pixel[1]}    RGB {shown.red()} {shown.green()} {shown.blue()}    "
        f"{stage.title}: {values}"
    )
