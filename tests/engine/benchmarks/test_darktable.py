"""darktable's sidecar: structs as its modules lay them out, and none of them without effect."""

import re
import struct
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from lxml import etree

from engine.benchmarks import darktable
from engine.finishers.darktable.history import unpacked
from engine.photo import open_photo
from engine.progress import finish
from tests.photos import metadata

# Version and size in bytes of each module's parameters in darktable 4.2.1, as the plugins'
# introspection tables (dt_introspection_t) say them.
LAYOUTS = {
    "temperature": (3, 16),
    "denoiseprofile": (11, 412),
    "colorin": (7, 1044),
    "hazeremoval": (1, 8),
    "exposure": (6, 24),
    "toneequal": (2, 72),
    "bilat": (3, 20),
    "atrous": (2, 248),
    "colorbalancergb": (5, 132),
    "sigmoid": (1, 24),
    "colorzones": (5, 520),
    "sharpen": (1, 12),
}
# Fields at their offsets in the same tables.
FIELDS = (
    ("denoiseprofile", "mode: wavelets", 56, "i", 1),
    ("denoiseprofile", "wavelet_color_mode: Y0U0V0", 408, "i", 1),
    ("colorin", "type: enhanced matrix", 0, "i", 12),
    ("colorin", "type_work: linear Rec. 2020", 528, "i", 4),
    ("exposure", "exposure", 8, "f", 0.5),
    ("toneequal", "speculars", 32, "f", -0.3),
    ("toneequal", "blending", 36, "f", 5.0),
    ("toneequal", "details: eigf", 60, "i", 4),
    ("bilat", "mode: local laplacian", 0, "i", 1),
    ("bilat", "detail", 12, "f", 0.4),
    ("atrous", "mix", 244, "f", 1.0),
    ("colorbalancergb", "shadows_weight", 48, "f", 1.0),
    ("colorbalancergb", "saturation_global", 76, "f", 0.1),
    ("colorbalancergb", "mask_grey_fulcrum", 112, "f", 0.1845),
    ("colorbalancergb", "vibrance", 116, "f", 0.2),
    ("colorbalancergb", "contrast", 124, "f", 0.1),
    ("sigmoid", "middle_grey_contrast", 0, "f", 1.6),
    ("colorzones", "channel: by hue", 0, "i", 2),
    ("colorzones", "curve_num_nodes[2]", 492, "i", 8),
    ("colorzones", "mode: smooth", 512, "i", 0),
    ("sharpen", "amount", 4, "f", 0.5),
)
SEEN = [name for name in LAYOUTS if name not in ("temperature", "colorin")]
"""Modules that change the picture; the other two say what the photo says itself."""

installed = pytest.mark.skipif(darktable.found() is None, reason="darktable-cli is not installed")


@pytest.fixture
def written(tmp_path):
    """The history of a written sidecar: each module's attributes by its name."""
    darktable.write_sidecar(tmp_path / "look.xmp", metadata(60, 40))
    items = etree.parse(tmp_path / "look.xmp").iterfind(".//{*}history//{*}li")
    history = [{etree.QName(key).localname: value for key, value in i.items()} for i in items]
    return {item["operation"]: item for item in history}


def test_every_module_has_the_struct_of_its_version(written):
    sizes = {
        name: (int(item["modversion"]), len(unpacked(item["params"])))
        for name, item in written.items()
    }
    assert sizes == LAYOUTS


@pytest.mark.parametrize(("module", "field", "offset", "kind", "value"), FIELDS)
def test_a_value_lies_where_darktable_reads_it(written, module, field, offset, kind, value):
    stored = struct.unpack_from(f"<{kind}", unpacked(written[module]["params"]), offset)[0]
    assert stored == pytest.approx(value), field


def test_the_white_is_the_one_as_shot(written):
    red, green, blue, _ = struct.unpack("<4f", unpacked(written["temperature"]["params"]))
    shot = metadata(60, 40).as_shot_neutral
    np.testing.assert_allclose([red / green, blue / green], shot[1] / shot[[0, 2]], rtol=1e-6)


def test_a_photo_that_says_no_white_is_not_balanced(tmp_path):
    darktable.write_sidecar(tmp_path / "look.xmp", replace(metadata(60, 40), as_shot_neutral=None))
    assert struct.pack("<4f", 1, 1, 1, 1).hex() in (tmp_path / "look.xmp").read_text()


def test_the_pipeline_s_time_is_read_in_any_language():
    said = "4.1 [dev_process_export] pixel pipeline processing took 42{}267 secs (24.5 CPU)"
    assert darktable.pipeline_seconds(said.format(".")) == 42.267
    assert darktable.pipeline_seconds(said.format(",")) == 42.267
    assert darktable.pipeline_seconds("nothing of the kind") is None


@pytest.fixture(scope="module")
def finished(raw, tmp_path_factory):
    """Finish the small raw without some modules: the picture, and what darktable said."""
    folder = tmp_path_factory.mktemp("darktable")
    darktable.write_sidecar(folder / "look.xmp", finish(open_photo(raw)).metadata)
    look = (folder / "look.xmp").read_text()

    def without(*modules, long_side=None):
        edited = look
        for name in modules:
            edited = re.sub(rf'(operation="{name}" darktable:enabled=)"1"', r'\1"0"', edited)
        (folder / "edited.xmp").write_text(edited)
        (folder / "out.tif").unlink(missing_ok=True)
        command = darktable.command(
            raw, folder / "out.tif", folder / "edited.xmp", folder, long_side
        )
        run = subprocess.run([*command, "-d", "params"], capture_output=True, text=True, check=True)
        return tifffile.imread(folder / "out.tif"), run.stdout + run.stderr

    return without


@pytest.fixture(scope="module")
def whole(finished):
    """The picture with every module, and what darktable said."""
    return finished()


@installed
def test_darktable_takes_every_module_and_gives_16_bits(whole):
    picture, said = whole
    taken = re.findall(r"successfully loaded module (\w+) from history", said)
    assert {*LAYOUTS} <= {*taken}
    assert said.count("version ok\tparams ok") >= len(LAYOUTS)
    assert picture.dtype == np.uint16
    assert abs(picture.shape[1] - 384) <= 1  # it crops by a pixel where rounding leaves half of one
    assert 0.1 < picture.mean() / 65535 < 0.9
    assert 0.0 < darktable.pipeline_seconds(said) < 60.0


@installed
@pytest.mark.parametrize("module", SEEN)
def test_every_module_changes_the_picture(finished, whole, module):
    picture, _ = finished(module)
    assert np.abs(picture.astype(float) - whole[0]).mean() > 30.0  # of 65535


@installed
def test_the_long_side_is_kept_to(finished):
    picture, _ = finished(long_side=192)
    assert picture.shape[1] in (191, 192)
