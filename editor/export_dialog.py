"""The export dialog: where to, what kind of file, which color space, how large."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from editor import theme
from editor.exporting import Wish
from engine.color import SPACES
from engine.errors import PhotofinishError
from engine.export import LONG_SIDES, QUALITIES, check
from engine.finishers.darktable import whole
from engine.formats import FORMATS


@dataclass(frozen=True)
class Offer:
    """What can be had: bits by suffix, titles of spaces by their name, and linear light of them."""

    bits: Mapping[str, tuple[int, ...]]
    spaces: Mapping[str, str]
    linear: bool

    @property
    def kinds(self) -> dict[str, str]:
        """One suffix for each kind of file, and the kind's name."""
        kinds: dict[str, str] = {}
        for suffix in self.bits:
            if FORMATS[suffix].name not in kinds.values():
                kinds[suffix] = FORMATS[suffix].name
        return kinds


OURS = Offer(
    {suffix: kind.bits for suffix, kind in FORMATS.items()},
    {name: space.title for name, space in SPACES.items()},
    linear=True,
)
DARKTABLES = Offer(
    {suffix: FORMATS[suffix].bits for suffix in whole.BITS},
    {name: SPACES[name].title for name in whole.SPACES} | whole.TITLES,
    linear=False,
)


class ExportDialog(QDialog):
    """Asks for a Wish; `wish` is what its fields say. It can only be accepted when that fits."""

    def __init__(
        self,
        wish: Wish,
        long_side: int,
        parent: QWidget | None = None,
        *,
        by_darktable: bool = False,
    ) -> None:
        super().__init__(parent)
        self._offer = DARKTABLES if by_darktable else OURS
        if wish.out.suffix.lower() not in self._offer.bits:
            wish = replace(wish, out=wish.out.with_suffix(".jpg"), bits=None)
        self.setWindowTitle("Export")
        self.out = QLineEdit(str(wish.out))
        self.out.setMinimumWidth(48 * theme.GRID)
        browse = QPushButton("Browse…")
        browse.setAutoDefault(False)
        self.kind = QComboBox()
        for suffix, kind in self._offer.kinds.items():
            self.kind.addItem(kind, suffix)
        self.space = QComboBox()
        for name, title in self._offer.spaces.items():
            self.space.addItem(title, name)
        self.bits = QComboBox()
        self.linear = QCheckBox("Linear light, without the encoding of the space")
        self.quality = QSpinBox()
        self.quality.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.quality.setRange(*QUALITIES)
        self.reduced = QCheckBox("Long side at most")
        self.long_side = QSpinBox()
        self.long_side.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.long_side.setRange(*LONG_SIDES)
        self.long_side.setSuffix(" px")
        self.complaint = QLabel()
        self.complaint.setWordWrap(True)
        self.complaint.setProperty("quiet", True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self._arrange(browse)
        self._fill(wish, long_side)
        browse.clicked.connect(self._browse)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.out.textChanged.connect(self._follow_name)
        self.kind.currentIndexChanged.connect(self._follow_kind)
        self.reduced.toggled.connect(self.long_side.setEnabled)
        self._follow_name()

    @property
    def wish(self) -> Wish:
        """What the fields say."""
        return Wish(
            out=Path(self.out.text().strip()).expanduser(),
            space=self.space.currentData(),
            linear=self.linear.isChecked(),
            bits=self.bits.currentData(),
            quality=self.quality.value(),
            long_side=self.long_side.value() if self.reduced.isChecked() else None,
        )

    def _arrange(self, browse: QPushButton) -> None:
        where = QHBoxLayout()
        where.addWidget(self.out, 1)
        where.addWidget(browse)
        size = QHBoxLayout()
        size.addWidget(self.reduced)
        size.addWidget(self.long_side)
        size.addStretch()
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.setSpacing(theme.GRID)
        form.addRow("File", where)
        form.addRow("Kind", self.kind)
        form.addRow("Color space", self.space)
        if self._offer.linear:
            form.addRow("", self.linear)
        form.addRow("Bits", self.bits)
        form.addRow("Quality", self.quality)
        form.addRow("Size", size)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[3 * theme.GRID] * 4)
        layout.setSpacing(2 * theme.GRID)
        layout.addLayout(form)
        layout.addWidget(self.complaint)
        layout.addWidget(self.buttons)

    def _fill(self, wish: Wish, long_side: int) -> None:
        self.space.setCurrentIndex(max(0, self.space.findData(wish.space)))
        self.linear.setChecked(wish.linear and self._offer.linear)
        self.quality.setValue(wish.quality)
        self.reduced.setChecked(wish.long_side is not None)
        self.long_side.setValue(wish.long_side or long_side)
        self.long_side.setEnabled(self.reduced.isChecked())
        self._offer_bits(wish.out.suffix.lower())
        if wish.bits is not None:
            self.bits.setCurrentIndex(max(0, self.bits.findData(wish.bits)))

    def _offer_bits(self, suffix: str) -> None:
        able = self._offer.bits.get(suffix, ())
        if able == tuple(self.bits.itemData(i) for i in range(self.bits.count())):
            return
        self.bits.clear()
        for bits in able:
            self.bits.addItem("32, float" if bits == 32 else str(bits), bits)

    def _follow_name(self) -> None:
        """The name says the kind of file; what does not fit is said at once."""
        suffix = Path(self.out.text().strip()).suffix.lower()
        same = next((s for s, k in self._offer.kinds.items() if k == _name_of(suffix)), None)
        if same is not None:
            self.kind.blockSignals(True)
            self.kind.setCurrentIndex(self.kind.findData(same))
            self.kind.blockSignals(False)
        self._offer_bits(suffix)
        self.quality.setEnabled(_name_of(suffix) == "JPEG")
        kind = FORMATS.get(suffix)
        self.linear.setEnabled(kind is not None and not kind.linear)
        self._judge()

    def _follow_kind(self) -> None:
        path = Path(self.out.text().strip())
        self.out.setText(str(path.with_suffix(self.kind.currentData())))

    def _judge(self) -> None:
        wish, complaint = self.wish, ""
        try:
            check(wish.out, space=wish.space, quality=wish.quality)
            self._check_offered(wish.out)
        except PhotofinishError as error:
            complaint = str(error)
        self.go.setEnabled(not complaint)
        if not complaint and wish.out.exists():
            complaint = f"{wish.out.name} exists and will be replaced."
        self.complaint.setText(complaint)

    def _check_offered(self, out: Path) -> None:
        if out.suffix.lower() not in self._offer.bits:
            kinds = ", ".join(self._offer.kinds.values())
            raise PhotofinishError(f"darktable is asked for {kinds} here, not for {out.suffix}.")

    def _browse(self) -> None:
        kinds = "Pictures (" + " ".join(f"*{suffix}" for suffix in self._offer.bits) + ")"
        option = QFileDialog.Option.DontConfirmOverwrite
        name, _ = QFileDialog.getSaveFileName(
            self, "Export to", self.out.text(), kinds, options=option
        )
        if name:
            self.out.setText(name)


def default_wish(raw: Path, last: Wish | None = None) -> Wish:
    """What to offer for a photo: as last time, beside the raw the first time."""
    if last is None:
        return Wish(raw.with_suffix(".jpg"))
    return replace(last, out=last.out.with_name(raw.stem + last.out.suffix))


def _name_of(suffix: str) -> str:
    return FORMATS[suffix].name if suffix in FORMATS else ""
