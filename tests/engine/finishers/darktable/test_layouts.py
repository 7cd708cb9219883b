"""Layouts: what the installed darktable says of its parameters, beside what came with us."""

import json
import struct

import pytest

from engine.errors import PhotofinishError
from engine.finishers.darktable import MODULES, program
from engine.finishers.darktable.input import INPUT
from engine.finishers.darktable.layouts import layout, told_by

NAMES = (*(module.name for module in MODULES), *INPUT)


def test_numbers_lie_where_darktable_puts_them() -> None:
    exposure = layout("exposure")
    packed = exposure.packed({"exposure": 1.5, "black": -0.01})
    assert struct.unpack_from("<2f", packed, 4) == pytest.approx((-0.01, 1.5))
    assert exposure.values(packed)["deflicker_percentile"] == (50.0,)


def test_arrays_of_arrays_are_one_row() -> None:
    packed = layout("atrous").packed({"y": range(30)})
    assert layout("atrous").values(packed)["y"] == tuple(range(30))


def test_a_parameter_that_there_is_not() -> None:
    with pytest.raises(PhotofinishError, match="no parameter glow"):
        layout("exposure").packed({"glow": 1.0})


def test_parameters_of_another_size() -> None:
    with pytest.raises(PhotofinishError, match="23 bytes, not 24"):
        layout("exposure").values(bytes(23))


@pytest.mark.parametrize("module", NAMES)
def test_what_came_with_us_is_what_version_4_2_says(module, darktable) -> None:
    if program.version(darktable) != (4, 2):
        pytest.skip("another version of darktable is installed")
    assert layout(module) == told_by(darktable, module)


@pytest.mark.parametrize("module", NAMES)
def test_they_are_those_of_version_4_2_1(module, shared_data, without_darktable) -> None:
    told = json.loads((shared_data / "darktable" / "params_4.2.1.json").read_text())
    known, found = told[module], layout(module)
    assert (found.version, found.size) == (known["version"], known["size"])
    assert {f["name"]: f["off"] for f in known["fields"]} == {
        name: field.offset for name, field in found.fields.items()
    }
