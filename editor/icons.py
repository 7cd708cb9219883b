"""The few icons of the window, drawn as strokes on a 16 x 16 grid."""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from editor import theme

STROKES = {
    "open": "M2 13 V3.5 H6.5 L8 5.5 H14 V13 Z",
    "undo": "M6 3 L2.5 6.5 L6 10 M2.5 6.5 H9.5 A3.5 3.5 0 0 1 9.5 13.5 H6",
    "redo": "M10 3 L13.5 6.5 L10 10 M13.5 6.5 H6.5 A3.5 3.5 0 0 0 6.5 13.5 H10",
    "compare": "M2 3 H14 V13 H2 Z M8 3 V13 M8 6 L11 3 M8 9.5 L14 3.5 M8 13 L14 7 M11.5 13 L14 10.5",
    "fit": "M2 6 V3 H5 M11 3 H14 V6 M14 10 V13 H11 M5 13 H2 V10",
    "clipping": "M8 2.5 L14.5 13.5 H1.5 Z M8 7 V10 M8 11.5 V12",
    "match": "M2 4 H6.5 V12 H2 Z M9.5 4 H14 V12 H9.5 Z M6.5 8 H9.5",
    "styles": "M2.5 2.5 H7 V7 H2.5 Z M9 2.5 H13.5 V7 H9 Z "
    "M2.5 9 H7 V13.5 H2.5 Z M9 9 H13.5 V13.5 H9 Z",
    "export": "M8 10 V2 M5 4.8 L8 2 L11 4.8 M2.5 8.5 V13.5 H13.5 V8.5",
    "eye": "M1.5 8 C4 3.2 12 3.2 14.5 8 C12 12.8 4 12.8 1.5 8 Z "
    "M8 6 A2 2 0 1 1 8 10 A2 2 0 1 1 8 6",
    "reset": "M3.6 5 A5.4 5.4 0 1 1 2.6 8.6 M3 1.8 V5.2 H6.4",
    "power": "M5 4 A5 5 0 1 0 11 4 M8 1.8 V7.5",
    "closed": "M6 4 L10 8 L6 12",
    "opened": "M4 6 L8 10 L12 6",
    "difference": "M2.5 2.5 H10 V10 H2.5 Z M6 6 H13.5 V13.5 H6 Z",
    "previous": "M10 3 L5 8 L10 13",
    "next": "M6 3 L11 8 L6 13",
    "cross": "M4 4 L12 12 M12 4 L4 12",
}


def _drawn(name: str, color: QColor, size: int) -> QPixmap:
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
        f"<path d='{STROKES[name]}' fill='none' stroke='{color.name()}' stroke-width='1.25' "
        "stroke-linecap='round' stroke-linejoin='round'/></svg>"
    )
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


@cache
def icon(name: str, *, accent: bool = True) -> QIcon:
    """The icon of that name: faint where disabled, and (`accent`) in color where checked."""
    out = QIcon()
    for size in (16, 32, 48):
        normal = _drawn(name, theme.TEXT, size)
        checked = _drawn(name, theme.ACCENT if accent else theme.TEXT, size)
        out.addPixmap(normal, QIcon.Mode.Normal, QIcon.State.Off)
        out.addPixmap(checked, QIcon.Mode.Normal, QIcon.State.On)
        out.addPixmap(_drawn(name, theme.FAINT, size), QIcon.Mode.Disabled, QIcon.State.Off)
    return out
