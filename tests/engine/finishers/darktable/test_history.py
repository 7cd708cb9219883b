"""History: darktable's sidecar as modules and back, and what a damaged one says."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PhotofinishError
from engine.finishers.darktable.history import History, Item, history_of, packed, unpacked

EXPOSURE = Item("exposure", 6, bytes(24))


@given(st.binary(max_size=400))
def test_parameters_are_the_same_read_back(parameters) -> None:
    text = packed(parameters)
    assert unpacked(text) == parameters
    assert text.startswith("gz") == (len(parameters) >= 100)


def test_a_history_is_the_same_read_back() -> None:
    kept = {"multi_name": "sky", "multi_priority": "1", "blendop_version": "11"}
    blended = Item("atrous", 2, bytes(range(248)), enabled=False, kept=kept)
    history = History((EXPOSURE, blended), {"iop_order_version": "2"})
    again = history_of(history.to_bytes())
    assert again.order == history.order
    assert [item.attributes for item in again.items] == [item.attributes for item in history.items]


def test_the_later_item_of_a_module_counts_and_undone_steps_do_not() -> None:
    later = Item("exposure", 6, b"\1" * 24)
    content = History((EXPOSURE, later, Item("sharpen", 1, bytes(12)))).to_bytes()
    undone = content.replace(b'history_end="3"', b'history_end="2"')
    assert [item.parameters for item in history_of(undone).items] == [later.parameters]


def test_another_instance_is_another_module() -> None:
    second = Item("exposure", 6, b"\1" * 24, kept={"multi_priority": "1"})
    history = history_of(History((EXPOSURE, second)).to_bytes())
    assert len(history.items) == 2
    assert [item.instance for item in history.without(["exposure"]).items] == [("exposure", "1")]


@pytest.mark.parametrize("text", ["zz", "gz99!", "gz01aGVsbG8=", "abc"])
def test_damaged_parameters_are_told(text) -> None:
    with pytest.raises(PhotofinishError, match="damaged"):
        unpacked(text)


@pytest.mark.parametrize("number", ["history_end", "modversion", "num"])
def test_a_number_that_is_none_is_told(number) -> None:
    content = History((EXPOSURE,)).to_bytes()
    odd = re.sub(rf'{number}="\d+"'.encode(), f'{number}="x"'.encode(), content)
    with pytest.raises(PhotofinishError, match="history of darktable's is damaged"):
        history_of(odd)


def test_a_sidecar_of_another_program_is_told() -> None:
    with pytest.raises(PhotofinishError, match="no history"):
        history_of(b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>')
