"""History: what darktable keeps of an edit: modules and their parameters, in XMP.

Parameters are hex digits, or from 100 bytes on "gz", a number that tells how much they shrank, and
zlib in base64. Of two items of one module and instance the later counts; those from `history_end`
on are undone steps.
"""

import base64
import binascii
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from engine import xmp
from engine.errors import PhotofinishError

NAMESPACE = "http://darktable.sf.net/"

ORDER = 3
"""darktable's own order "v3.0 JPEG": the input profile comes first, so every stage works on color.
"""

XMP_VERSION = 4

UNBLENDED = {
    "blendop_version": "11",
    "blendop_params": "gz14eJxjYIAACQYYOOHEgAZY0QVwggZ7CB6pfNoAAE8gGQg=",
}
"""Blending switched off, as darktable 4.2 writes it; newer ones read it."""

UNMASKED, MASK_OFF = 1, 0
"""Modes of blending: evenly, and not at all."""

IN_RGB = 3, 4
"""Spaces of blending that leave RGB as it is: for the display, for the scene."""

NORMAL = 24
"""A mode of blending that only mixes, and cuts nothing off."""

SHORT = 100
"""Bytes from which on parameters are packed."""

LARGEST = 1 << 20
"""Bytes that no module's parameters have."""

DAMAGED = "The sidecar's history of darktable's is damaged."

_BLENDING = "<IiIff"
"""What the parameters of blending begin with: masks, space, mode, one for the mode, opacity."""

_NS = f"{{{NAMESPACE}}}"
_RDF = f"{{{xmp.RDF}}}"


@dataclass(frozen=True)
class Item:
    """One module of a history; `kept` are other attributes that darktable wrote."""

    module: str
    version: int
    parameters: bytes
    enabled: bool = True
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def instance(self) -> tuple[str, str]:
        """What makes two items the same module: the later of them counts."""
        return self.module, self.kept.get("multi_priority", "0")

    @property
    def attributes(self) -> dict[str, str]:
        """As darktable writes it, without its number."""
        told = {"multi_name": "", "multi_priority": "0", **UNBLENDED, **self.kept}
        return {
            "operation": self.module,
            "enabled": str(int(self.enabled)),
            "modversion": str(self.version),
            "params": packed(self.parameters),
            **told,
        }


def blended(opacity: float) -> dict[str, str]:
    """Attributes of a module of which so much of 1 is blended in, evenly, in RGB."""
    if opacity == 1.0:
        return dict(UNBLENDED)
    told = bytearray(unpacked(UNBLENDED["blendop_params"]))
    struct.pack_into(_BLENDING, told, 0, UNMASKED, IN_RGB[1], NORMAL, 0.0, 100.0 * opacity)
    return {**UNBLENDED, "blendop_params": packed(bytes(told))}


def opacity_of(item: Item) -> float | None:
    """How much of 1 of the module is blended in; None where that is done in any other way.

    Raises PhotofinishError where what is said of it is damaged.
    """
    told = unpacked(item.kept.get("blendop_params", ""))
    if len(told) < struct.calcsize(_BLENDING):
        return 1.0
    masked, space, mode, _, opacity = struct.unpack_from(_BLENDING, told)
    if masked == MASK_OFF:
        return 1.0
    if (masked, mode) != (UNMASKED, NORMAL) or space not in IN_RGB:
        return None
    return float(opacity) / 100.0


@dataclass(frozen=True)
class History:
    """The modules of a sidecar, each once, and the order in which they are run."""

    items: tuple[Item, ...] = ()
    order: Mapping[str, str] = field(default_factory=lambda: {"iop_order_version": str(ORDER)})

    def without(self, modules: Sequence[str]) -> "History":
        """Without the first instances of `modules`."""
        first = {(module, "0") for module in modules}
        return History(tuple(i for i in self.items if i.instance not in first), self.order)

    def to_bytes(self) -> bytes:
        """A sidecar for darktable."""
        nsmap = {"rdf": xmp.RDF, "darktable": NAMESPACE}
        meta = etree.Element("{adobe:ns:meta/}xmpmeta", nsmap={"x": "adobe:ns:meta/"})
        rdf = etree.SubElement(meta, f"{_RDF}RDF", nsmap=nsmap)
        about = etree.SubElement(rdf, f"{_RDF}Description", {f"{_RDF}about": ""})
        told = {
            "xmp_version": str(XMP_VERSION),
            "raw_params": "0",
            "auto_presets_applied": "1",
            "history_end": str(len(self.items)),
            **self.order,
        }
        for name, value in told.items():
            about.set(_NS + name, value)
        sequence = etree.SubElement(etree.SubElement(about, f"{_NS}history"), f"{_RDF}Seq")
        for number, item in enumerate(self.items):
            attributes = {"num": str(number), **item.attributes}
            named = {_NS + name: value for name, value in attributes.items()}
            etree.SubElement(sequence, f"{_RDF}li", named)
        etree.indent(meta, " ")
        return etree.tostring(meta, encoding="UTF-8", xml_declaration=True)


def history_of(content: bytes) -> History:
    """The history in a sidecar. Raises PhotofinishError where it is damaged or no darktable's."""
    rdf = xmp.Packet(content).rdf
    about = rdf.find(f"{_RDF}Description")
    listed = rdf.findall(f".//{_NS}history/{_RDF}Seq/{_RDF}li")
    if about is None or about.find(f"{_NS}history") is None:
        raise PhotofinishError("The sidecar holds no history of darktable's.")
    end = _number(about.get(f"{_NS}history_end", str(len(listed))))
    last: dict[tuple[str, str], Item] = {}
    for number, element in enumerate(listed):
        attributes = {
            str(etree.QName(name).localname): str(value) for name, value in element.items()
        }
        if _number(attributes.pop("num", str(number))) < end:
            item = _item(attributes)
            last.pop(item.instance, None)
            last[item.instance] = item
    order = {
        name: about.get(_NS + name, "")
        for name in ("iop_order_version", "iop_order_list")
        if about.get(_NS + name)
    }
    return History(tuple(last.values()), order)


def _item(attributes: dict[str, str]) -> Item:
    try:
        return Item(
            attributes.pop("operation"),
            _number(attributes.pop("modversion")),
            unpacked(attributes.pop("params", "")),
            attributes.pop("enabled", "1") == "1",
            attributes,
        )
    except KeyError as error:
        raise PhotofinishError(DAMAGED) from error


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise PhotofinishError(DAMAGED) from error


def packed(parameters: bytes) -> str:
    """Parameters as text."""
    if len(parameters) < SHORT:
        return parameters.hex()
    small = zlib.compress(parameters)
    shrank = min(len(parameters) // len(small) + 1, 99)
    return f"gz{shrank:02d}{base64.b64encode(small).decode()}"


def unpacked(text: str) -> bytes:
    """Parameters from text. Raises PhotofinishError."""
    try:
        if not text.startswith("gz"):
            return bytes.fromhex(text)
        inflating = zlib.decompressobj()
        content = inflating.decompress(base64.b64decode(text[4:], validate=True), LARGEST)
    except (ValueError, binascii.Error, zlib.error) as error:
        raise PhotofinishError("The parameters of a module of darktable's are damaged.") from error
    if not inflating.eof:
        raise PhotofinishError("The parameters of a module of darktable's are damaged.")
    return content
