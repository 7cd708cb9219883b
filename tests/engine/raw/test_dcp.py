import struct

import numpy as np
import pytest

from engine.errors import PhotofinishError
from engine.raw.dcp import read_dcp


def written_dcp(path, magic=0x4352):
    """A profile with one matrix, as cameras' makers write them."""
    matrix = b"".join(struct.pack("<ii", round(v * 10000), 10000) for v in np.eye(3).ravel())
    name = b"Made by a test\0"
    at = 8 + 2 + 3 * 12 + 4
    entries = struct.pack("<HHII", 50721, 10, 9, at)
    entries += struct.pack("<HHIHH", 50778, 3, 1, 21, 0)
    entries += struct.pack("<HHII", 50936, 2, len(name), at + len(matrix))
    path.write_bytes(b"II" + struct.pack("<HIH", magic, 8, 3) + entries + bytes(4) + matrix + name)
    return path


def test_reads_what_was_written(tmp_path):
    found = read_dcp(written_dcp(tmp_path / "a.dcp"))
    assert found.name == "Made by a test"
    assert found.calibrations[0].illuminant == 21
    np.testing.assert_array_equal(found.calibrations[0].color_matrix, np.eye(3))


@pytest.mark.parametrize("content", [b"", b"no profile at all", b"II\x52\x43" + bytes(60)])
def test_no_profile_is_one_sentence(tmp_path, content):
    path = tmp_path / "broken.dcp"
    path.write_bytes(content)
    with pytest.raises(PhotofinishError, match=r"broken\.dcp .*profile"):
        read_dcp(path)


def test_cut_short(tmp_path):
    whole = written_dcp(tmp_path / "whole.dcp").read_bytes()
    path = tmp_path / "cut.dcp"
    for length in range(0, len(whole) - 16, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(PhotofinishError):
            read_dcp(path)


@pytest.mark.parametrize(
    ("case", "name"), [("dcp_r5_pd", "Canon EOS R5"), ("dcp_g930v_cc0", "samsung SM-G930V")]
)
def test_golden_profiles(shared_data, case, name):
    golden = np.load(shared_data / "golden" / f"{case}.npz")
    found = read_dcp(shared_data / "dcp" / f"{name}.dcp")
    assert found.default_black_render_none
    np.testing.assert_allclose(found.tone_curve, golden["profile_tone_curve_xy"])
    for i, calibration in enumerate(found.calibrations, 1):
        # the golden matrices are scaled so that D50 reaches 1
        d50 = np.array([0.3457 / 0.3585, 1.0, 0.2958 / 0.3585])
        ours = calibration.color_matrix / (calibration.color_matrix @ d50).max()
        theirs = golden[f"color_matrix{i}"] / (golden[f"color_matrix{i}"] @ d50).max()
        np.testing.assert_allclose(ours, theirs, atol=2e-4)
        np.testing.assert_allclose(calibration.forward_matrix, golden[f"forward_matrix{i}"])
        np.testing.assert_array_equal(calibration.hue_sat_map.deltas, golden[f"hue_sat_deltas{i}"])
