"""Canvas: the picture at any zoom, from two layers of which the sharper one is shown.

Lengths are device pixels inside; `zoom` is device pixels per pixel of the full-size photo, so 1.0
is 100 %. The preview covers the fitted picture pixel by pixel; the detail layer, when it has come,
holds the full-size pixels for zooms beyond.

Pictures are items of a scene, which Qt paints without Python's lock: the render thread goes on.
"""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainterPath,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsPixmapItem,
    QGraphicsScene,
    QGraphicsView,
    QSizePolicy,
    QWidget,
)

from editor import theme
from editor.frame import Frame, alike

MARGIN = 2 * theme.GRID
WHEEL_STEP = 1.25
LARGEST = 16.0
CRISP_FROM = 2.0
"""From this magnification on, pixels are drawn as squares: the user wants to see them."""


class Canvas(QGraphicsView):
    """Shows frames, and `hint` while there is none; knows nothing of documents and renderers."""

    resized = Signal()  # the fitted size has changed and is at rest
    zoomed = Signal(float)
    hovered = Signal(object)  # the photo's pixel under the pointer, QPoint-like (x, y), or None

    def __init__(self, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setInteractive(False)
        self.setAcceptDrops(False)  # files are the window's
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMinimumSize(320, 240)
        self.hint = self.scene().addSimpleText(hint)
        self.hint.setBrush(theme.QUIET)
        self._surround = self.scene().addPath(QPainterPath(), QPen(Qt.PenStyle.NoPen))
        self._surround.setBrush(theme.SURROUND)
        self._surround.setZValue(-1.0)  # behind the hint
        self._picture, self._overlay = QGraphicsPixmapItem(), QGraphicsPixmapItem()
        for item in (self._picture, self._overlay):
            item.setShapeMode(QGraphicsPixmapItem.ShapeMode.BoundingRectShape)
            self.scene().addItem(item)
        self.frame: Frame | None = None
        self.detail: Frame | None = None
        self._photo_size: tuple[int, int] | None = None
        self._zoom: float | None = None  # None: fitted
        self._center = QPointF()  # of the view, in pixels of the full-size photo
        self._grabbed: QPointF | None = None
        self._space_pans = self._follows_screen = False
        self._at_rest = QTimer(self, interval=150, singleShot=True)
        self._at_rest.timeout.connect(self.resized)

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    # What is shown

    def show_photo(self, size: tuple[int, int] | None) -> None:
        """Make room for a photo of this full size; the former picture goes."""
        self._photo_size = size
        self.frame = self.detail = None
        self.fit()

    def show_frame(self, frame: Frame) -> None:
        """Show a preview. A detail layer of other settings is stale and goes."""
        self.frame = frame
        if self.detail is not None and not alike(self.detail.request, frame.request):
            self.detail = None
        self._draw()

    def show_detail(self, frame: Frame) -> None:
        """Show full-size pixels where the zoom calls for them."""
        if self.frame is None or alike(frame.request, self.frame.request):
            self.detail = frame
            self._draw()

    # Zoom

    @property
    def zoom(self) -> float:
        """Device pixels per pixel of the full-size photo."""
        return self._fitted() if self._zoom is None else self._zoom

    @property
    def is_fitted(self) -> bool:
        """Whether the whole picture is shown, at whatever size fits."""
        return self._zoom is None

    def long_side(self, zoom: float | None = None) -> int:
        """The picture's long side on the screen, in device pixels, at `zoom` or as it is now."""
        if self._photo_size is None:
            return 0
        return max(1, round(max(self._photo_size) * (zoom or self.zoom)))

    def fitted_long_side(self) -> int:
        """The picture's long side on the screen when fitted, in device pixels."""
        return self.long_side(self._fitted())

    def fit(self) -> None:
        """Show the whole picture."""
        self._zoom = None
        self._changed()

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Magnify to `zoom`, keeping the photo's point under `at` (widget position) in place."""
        if self._photo_size is None:
            return
        zoom = min(max(zoom, min(self._fitted(), 1.0) / 2.0), LARGEST)
        middle = QPointF(self.width() / 2.0, self.height() / 2.0)
        anchor = self.photo_point(at or middle)
        offset = ((at or middle) - middle) * self.devicePixelRatioF()
        self._zoom = zoom
        self._center = anchor - offset / zoom
        self._changed()

    def toggle_actual(self) -> None:
        """From fitted to 100 % at the pointer, and back."""
        if not self.is_fitted:
            self.fit()
            return
        pointer = QPointF(self.mapFromGlobal(self.cursor().pos()))
        self.zoom_to(1.0, pointer if self.rect().contains(pointer.toPoint()) else None)

    def photo_point(self, position: QPointF) -> QPointF:
        """The photo's point (full-size pixels) under a widget position."""
        target = self._target()
        return (position * self.devicePixelRatioF() - target.topLeft()) / self.zoom

    def widget_point(self, point: QPointF) -> QPointF:
        """The widget position of a photo's point."""
        return (point * self.zoom + self._target().topLeft()) / self.devicePixelRatioF()

    def set_space_pans(self, on: bool) -> None:
        """While on, moving the mouse pans without a button."""
        self._space_pans = on
        self._grabbed = None
        open_hand, arrow = Qt.CursorShape.OpenHandCursor, Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(open_hand if on else arrow)

    def _device_size(self) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return self.width() * ratio, self.height() * ratio

    def _fitted(self) -> float:
        if self._photo_size is None:
            return 1.0
        margin = 2 * MARGIN * self.devicePixelRatioF()
        width, height = self._device_size()
        return max(
            1e-3,
            min((width - margin) / self._photo_size[0], (height - margin) / self._photo_size[1]),
        )

    def _target(self) -> QRectF:
        """Where the whole picture lies, in device pixels; on whole pixels, so that it is crisp."""
        if self._photo_size is None:
            return QRectF()
        width, height = (max(1, round(side * self.zoom)) for side in self._photo_size)
        across, down = self._device_size()
        if self._zoom is None:
            return QRectF((across - width) // 2, (down - height) // 2, width, height)
        left = across / 2.0 - self._center.x() * self.zoom
        top = down / 2.0 - self._center.y() * self.zoom
        return QRectF(round(left), round(top), width, height)

    def _changed(self) -> None:
        self._clamp()
        self._at_rest.start()
        self.zoomed.emit(self.zoom)
        self._draw()

    def _clamp(self) -> None:
        """Keep the picture in sight: no farther than its edge at the view's middle third."""
        if self._photo_size is None or self._zoom is None:
            return
        across, down = (side / 6.0 / self._zoom for side in self._device_size())
        width, height = self._photo_size
        x = min(max(self._center.x(), min(across, width / 2)), max(width - across, width / 2))
        y = min(max(self._center.y(), min(down, height / 2)), max(height - down, height / 2))
        self._center = QPointF(x, y)

    # Events

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120.0
        if turns:
            self.zoom_to(self.zoom * WHEEL_STEP**turns, event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._grabbed = event.position()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None
        self.set_space_pans(self._space_pans)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.toggle_actual()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._space_pans and self._grabbed is None:
            self._grabbed = event.position()
        if self._grabbed is not None:
            moved = (event.position() - self._grabbed) * self.devicePixelRatioF()
            self._grabbed = event.position()
            if self._zoom is not None:
                self._center -= moved / self._zoom
                self._clamp()
                self._draw()
        self.hovered.emit(self._pixel(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.setSceneRect(self.viewport().rect().toRectF())
        self._changed()

    def showEvent(self, event: QShowEvent) -> None:
        handle = self.window().windowHandle()
        if handle is not None and not self._follows_screen:
            self._follows_screen = True
            handle.screenChanged.connect(lambda _: self._changed())  # its pixels may be finer

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # the window's: a view would scroll by some of them

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    def _pixel(self, position: QPointF) -> tuple[int, int] | None:
        if self._photo_size is None:
            return None
        point = self.photo_point(position)
        x, y = math.floor(point.x()), math.floor(point.y())
        width, height = self._photo_size
        return (x, y) if 0 <= x < width and 0 <= y < height else None

    def layer(self) -> Frame | None:
        """The frame that the present zoom shows."""
        if self.detail is None or self.frame is None:
            return self.frame
        sharp_enough = max(self.frame.image.width(), self.frame.image.height())
        return self.detail if self.long_side() > sharp_enough else self.frame

    def _draw(self) -> None:
        """Have the frame that the present zoom shows on the screen."""
        frame, target = self.layer(), self._target()
        around = QPainterPath()  # nothing under the picture: that is megabytes
        around.addRect(self.sceneRect())
        if frame is not None:
            around.addRect(self._to_screen().mapRect(target))
        self._surround.setPath(around)
        self.hint.setVisible(frame is None)
        if frame is None:
            room = self.sceneRect().center() - self.hint.boundingRect().center()
            self.hint.setPos(room.toPoint())
        self._put(self._picture, frame.image if frame else None, target)
        self._put(self._overlay, frame.overlay if frame else None, target)

    def _put(self, item: QGraphicsPixmapItem, image: QImage | None, target: QRectF) -> None:
        """Show `image` where `target` is, in device pixels."""
        item.setPixmap(QPixmap() if image is None else QPixmap.fromImage(image))  # shares pixels
        if image is None or target.isEmpty():
            return
        across, down = target.width() / image.width(), target.height() / image.height()
        placed = self._to_screen().translate(target.x(), target.y()).scale(across, down)
        item.setTransform(placed)
        crisp = across >= CRISP_FROM
        item.setTransformationMode(
            Qt.TransformationMode.FastTransformation
            if crisp
            else Qt.TransformationMode.SmoothTransformation
        )

    def _to_screen(self) -> QTransform:
        """From device pixels to the scene's, which are the widget's."""
        ratio = self.devicePixelRatioF()
        return QTransform.fromScale(1.0 / ratio, 1.0 / ratio)
