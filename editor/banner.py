"""Banner: one plain sentence over the picture, calm and never in the way."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from editor import theme
from editor.icons import icon

SHOWN_FOR = 20_000
WIDEST = 80 * theme.GRID


class Banner(QFrame):
    """Lies at the top of its parent; goes by itself, or by its button."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        close = QToolButton()
        close.setIcon(icon("cross"))
        close.setToolTip("Dismiss")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        layout.addWidget(self.label, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self, interval=SHOWN_FOR, singleShot=True)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def say(self, sentence: str) -> None:
        """Show a sentence."""
        self.label.setText(sentence)
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    @property
    def sentence(self) -> str:
        """What is being said, or nothing."""
        return "" if self.isHidden() else self.label.text()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent, layout = self.parentWidget(), self.layout()
        if parent is None or layout is None:
            return
        width = min(parent.width() - 4 * theme.GRID, WIDEST)
        height = max(layout.totalHeightForWidth(width), 5 * theme.GRID)
        self.setGeometry((parent.width() - width) // 2, 2 * theme.GRID, width, height)
