"""The inner XML of an event as nested dictionaries.

A document type is refused before anything is parsed, so no entity can be declared: that is what
makes the standard parser safe here. It costs a tenth of the generic XML-to-dictionary library.
"""

from typing import Any
from xml.etree import ElementTree

# Always a list, also when WeCom sends a single one. The misspelling is WeCom's.
_LISTS = frozenset({"Item", "SelectedItem", "OpitonId"})
_DEPTH = 20


class NotAnEvent(Exception):
    """The decrypted text is not an event's XML."""


def parse(xml: bytes) -> dict[str, Any]:
    """Elements by name: text, a nested dictionary, or a list of them; raises NotAnEvent."""
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml or b"\0" in xml:
        raise NotAnEvent("document type")
    try:
        root = ElementTree.fromstring(xml.decode())  # noqa: S314 - no document type gets here
    except (ElementTree.ParseError, ValueError) as error:
        raise NotAnEvent(type(error).__name__) from None
    if root.tag != "xml" or not len(root):
        raise NotAnEvent("no elements")
    return _children(root, _DEPTH)


def _children(parent: ElementTree.Element, depth: int) -> dict[str, Any]:
    if not depth:
        raise NotAnEvent("too deep")
    found: dict[str, Any] = {}
    for child in parent:
        value = _children(child, depth - 1) if len(child) else (child.text or "").strip()
        if child.tag in _LISTS:
            found.setdefault(child.tag, []).append(value)
        elif child.tag in found:
            before = found[child.tag]
            found[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[child.tag] = value
    return found
