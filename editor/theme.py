"""The look of the window: greys without hue, one accent color, an 8 px grid.

Luminances are CIE L*: the surround of the picture is about L* 20, panels a little lighter, so that
neither pulls the eye's white or exposure away from the photo.
"""

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

GRID = 8
PANEL_WIDTH = 320

SURROUND = QColor(48, 48, 48)
PANEL = QColor(58, 58, 58)
RAISED = QColor(72, 72, 72)
SUNKEN = QColor(40, 40, 40)
LINE = QColor(34, 34, 34)
TRACK = QColor(96, 96, 96)
TEXT = QColor(214, 214, 214)
QUIET = QColor(156, 156, 156)
FAINT = QColor(112, 112, 112)
ACCENT = QColor(106, 165, 224)

RED, GREEN, BLUE = QColor(206, 84, 76), QColor(92, 168, 88), QColor(86, 128, 208)
CLIPPED_BRIGHT, CLIPPED_DARK = QColor(255, 56, 40), QColor(48, 96, 255)


def _sheet() -> str:
    text, quiet, faint, accent = TEXT.name(), QUIET.name(), FAINT.name(), ACCENT.name()
    panel, raised, sunken, line = PANEL.name(), RAISED.name(), SUNKEN.name(), LINE.name()
    return f"""
    QWidget {{ color: {text}; }}
    QMainWindow, QDialog, QScrollArea, #panel, #strip {{ background: {panel}; border: none; }}
    QMainWindow::separator {{ width: 0; height: 0; }}
    QToolBar {{ background: {panel}; border: none; border-bottom: 1px solid {line};
        padding: 4px 8px; spacing: 4px; }}
    QToolBar::separator {{ background: {raised}; width: 1px; margin: 4px 4px; }}
    QStatusBar {{ background: {panel}; border-top: 1px solid {line}; color: {quiet}; }}
    QStatusBar::item {{ border: none; }}
    QStatusBar QLabel {{ color: {quiet}; padding: 0 8px; }}
    QToolButton {{ background: transparent; border: none; border-radius: 4px; padding: 4px 8px; }}
    QToolButton:hover {{ background: {raised}; }}
    QToolButton:pressed, QToolButton:checked {{ background: {sunken}; }}
    QToolButton:checked {{ color: {accent}; }}
    QToolButton:disabled {{ color: {faint}; }}
    QToolButton[quiet="true"] {{ padding: 0; color: {quiet}; }}
    QToolButton[quiet="true"]:checked {{ background: transparent; }}
    QPushButton {{ background: {raised}; border: 1px solid {line}; border-radius: 4px;
        padding: 5px 16px; min-width: 64px; }}
    QPushButton:hover {{ background: {TRACK.name()}; }}
    QPushButton:checked {{ background: {sunken}; color: {accent}; }}
    QPushButton:default {{ border: 1px solid {accent}; }}
    QPushButton:disabled {{ color: {faint}; }}
    QLabel[quiet="true"] {{ color: {quiet}; }}
    QLabel:disabled, QLineEdit:disabled {{ color: {faint}; }}
    QCheckBox::indicator {{ width: 12px; height: 12px; border: 1px solid {TRACK.name()};
        border-radius: 2px; background: {sunken}; }}
    QCheckBox::indicator:checked {{ background: {accent}; }}
    QLineEdit, QSpinBox {{ background: {sunken};
        border: 1px solid {line}; border-radius: 3px; padding: 3px 6px;
        selection-background-color: {accent}; selection-color: {line}; }}
    QLineEdit:focus, QSpinBox:focus {{ border: 1px solid {accent}; }}
    QLineEdit[number="true"] {{ background: transparent; border: 1px solid transparent;
        padding: 0 2px; color: {quiet}; }}
    QLineEdit[number="true"][moved="true"] {{ color: {text}; }}
    QLineEdit[number="true"]:hover {{ border: 1px solid {TRACK.name()}; }}
    QLineEdit[number="true"]:focus {{ background: {sunken}; border: 1px solid {accent};
        color: {text}; }}
    QComboBox QAbstractItemView, QMenu {{ background: {panel}; border: 1px solid {line};
        selection-background-color: {raised}; }}
    QMenu::item {{ padding: 4px 24px; }}
    QMenu::item:selected {{ background: {raised}; }}
    QListWidget {{ background: {panel}; border: none; outline: none; }}
    QTreeWidget {{ background: {sunken}; border: none; outline: none; }}
    QTreeView::indicator {{ width: 12px; height: 12px; border: 1px solid {TRACK.name()};
        border-radius: 2px; background: {panel}; }}
    QTreeView::indicator:checked {{ background: {accent}; }}
    QTreeView::indicator:indeterminate {{ background: {TRACK.name()}; }}
    QListWidget::item {{ padding: 4px 8px; }}
    QListWidget::item:selected {{ background: {raised}; color: {text}; }}
    QProgressBar {{ background: {sunken}; border: none; border-radius: 2px; }}
    QProgressBar::chunk {{ background: {accent}; border-radius: 2px; }}
    QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 8px; margin: 0; }}
    QScrollBar::handle {{ background: {RAISED.name()}; border-radius: 3px; margin: 1px;
        min-height: 32px; min-width: 32px; }}
    QScrollBar::handle:hover {{ background: {TRACK.name()}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QToolTip {{ background: {sunken}; color: {text}; border: 1px solid {line}; padding: 4px; }}
    #banner {{ background: {raised}; border-radius: 4px; }}
    """


def dress(application: QApplication) -> None:
    """Give the whole application its look."""
    application.setStyle("Fusion")
    palette = QPalette(PANEL)
    for role, color in (
        (QPalette.ColorRole.Window, PANEL),
        (QPalette.ColorRole.Base, SUNKEN),
        (QPalette.ColorRole.Button, RAISED),
        (QPalette.ColorRole.Text, TEXT),
        (QPalette.ColorRole.WindowText, TEXT),
        (QPalette.ColorRole.ButtonText, TEXT),
        (QPalette.ColorRole.PlaceholderText, FAINT),
        (QPalette.ColorRole.Highlight, ACCENT),
        (QPalette.ColorRole.HighlightedText, LINE),
    ):
        palette.setColor(role, color)
    application.setPalette(palette)
    font = application.font()
    font.setPixelSize(12)
    application.setFont(font)
    application.setStyleSheet(_sheet())
