"""XMP packets: simple properties and lists in top-level rdf:Description elements.

Adobe, XMP Specification Part 1 (ISO 16684-1): a property is an attribute or a child element of an
rdf:Description about the file; lists are rdf:Seq, Bag or Alt. What is not asked for is kept as it
is: other namespaces, nested structures, comments, processing instructions.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from lxml import etree

from engine.errors import PhotofinishError

MOST_BYTES = 16 << 20
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
LISTS = tuple(f"{{{RDF}}}{kind}" for kind in ("Seq", "Bag", "Alt"))

Property: TypeAlias = str | tuple[str, ...]

_EMPTY = f"""<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Photofinish">
 <rdf:RDF xmlns:rdf="{RDF}">
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()


class Packet:
    """One XMP packet, editable. Raises PhotofinishError where `content` is none.

    `rdf` is its rdf:RDF element, for who knows what structures are in it.
    """

    def __init__(self, content: bytes = _EMPTY) -> None:
        if len(content) > MOST_BYTES:
            raise PhotofinishError("The XMP is larger than any edit should be.")
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        try:
            root = etree.fromstring(content.rstrip(b"\0 \r\n\t"), parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise PhotofinishError("The XMP is damaged.") from error
        self._tree = root.getroottree()
        self.rdf = _rdf(root)
        self._declared = content.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml ")

    def to_bytes(self) -> bytes:
        """The packet in UTF-8."""
        root = self._tree.getroot()
        before = reversed(list(root.itersiblings(preceding=True)))
        nodes = (*before, root, *root.itersiblings())
        lines = [etree.tostring(node, encoding="UTF-8", with_tail=False) for node in nodes]
        declaration = [b'<?xml version="1.0" encoding="UTF-8"?>'] if self._declared else []
        return b"\n".join([*declaration, *lines]) + b"\n"

    def get(self, namespace: str, name: str) -> Property | None:
        """A property's text or list; None where it is absent or a structure."""
        tag = f"{{{namespace}}}{name}"
        for description in self._descriptions():
            if tag in description.attrib:
                return str(description.attrib[tag])
            element = description.find(tag)
            if element is not None:
                return _content(element)
        return None

    def text(self, namespace: str, name: str) -> str:
        """A property's text; "" where it is absent or no text. Of an Alt, the first."""
        content = self.get(namespace, name)
        if isinstance(content, tuple):
            return content[0] if content else ""
        return content or ""

    def names(self, namespace: str) -> list[str]:
        """The names of all properties of `namespace`, in the order of the file."""
        prefix = f"{{{namespace}}}"
        tags = [
            str(tag)
            for description in self._descriptions()
            for tag in (*description.attrib, *(child.tag for child in description))
        ]
        names = [tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)]
        return list(dict.fromkeys(names))

    def nested(self, namespace: str, name: str) -> dict[str, str]:
        """The texts inside a structure, by local name."""
        element = self._element(f"{{{namespace}}}{name}")
        inner = () if element is None else element.iter()
        return {
            etree.QName(key).localname: str(value)
            for node in inner
            for key, value in node.attrib.items()
        }

    def set(self, namespace: str, prefix: str, name: str, content: Property) -> None:
        """Set one property, in the style and at the place it already has."""
        if self.get(namespace, name) == content:
            return
        tag = f"{{{namespace}}}{name}"
        home = self._home(namespace, prefix)
        element = self._element(tag)
        if isinstance(content, tuple):
            if element is None:
                self.remove(namespace, name)
                element = etree.SubElement(home, tag)
            _fill(element, content)
            return
        if element is not None and _content(element) is not None:
            for child in list(element):
                element.remove(child)
            element.text = content
            return
        for description in self._descriptions():
            if tag in description.attrib:
                home = description
        home.set(tag, content)

    def remove(self, namespace: str, name: str) -> None:
        """Remove one property."""
        tag = f"{{{namespace}}}{name}"
        for description in self._descriptions():
            if tag in description.attrib:
                del description.attrib[tag]
            for element in description.findall(tag):
                description.remove(element)

    def _descriptions(self) -> Iterator[etree._Element]:
        return self.rdf.iterchildren(f"{{{RDF}}}Description")

    def _element(self, tag: str) -> etree._Element | None:
        found = (description.find(tag) for description in self._descriptions())
        return next((element for element in found if element is not None), None)

    def _home(self, namespace: str, prefix: str) -> etree._Element:
        """The Description that holds this namespace's properties, made if there is none."""
        about = ""
        for description in self._descriptions():
            about = about or description.get(f"{{{RDF}}}about", "")
            keys = (*description.attrib, *(child.tag for child in description))
            if any(str(key).startswith(f"{{{namespace}}}") for key in keys):
                return description
        home = etree.SubElement(self.rdf, f"{{{RDF}}}Description", nsmap={prefix: namespace})
        home.set(f"{{{RDF}}}about", about)
        home.tail = "\n "
        return home


def _rdf(root: etree._Element) -> etree._Element:
    """The rdf:RDF element; a document with a DOCTYPE, where entities are made, is refused."""
    rdf = root if root.tag == f"{{{RDF}}}RDF" else root.find(f".//{{{RDF}}}RDF")
    info = root.getroottree().docinfo
    if rdf is None or (info is not None and info.internalDTD is not None):
        raise PhotofinishError("The file is no XMP.")
    return rdf


def _content(element: etree._Element) -> Property | None:
    """Text, or the items of a list; None for a structure."""
    children = [child for child in element if isinstance(child.tag, str)]
    if not children:
        return None if element.get(f"{{{RDF}}}parseType") else element.text or ""
    if children[0].tag in LISTS:
        return tuple((item.text or "").strip() for item in children[0].iterchildren(f"{{{RDF}}}li"))
    return None


def _fill(element: etree._Element, items: Sequence[str]) -> None:
    for child in list(element):
        element.remove(child)
    sequence = etree.SubElement(element, LISTS[0])
    for item in items:
        etree.SubElement(sequence, f"{{{RDF}}}li").text = item
