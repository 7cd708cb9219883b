"""Exports, opened with other libraries: right numbers, profile, EXIF; nothing half written."""

import io
import json
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import tifffile
import torch
from PIL import Image, ImageCms

from engine import color
from engine.errors import PhotofinishError
from engine.export import check, export, export_taps
from engine.finishers.basic import BASIC
from engine.metadata import Exif
from engine.photo import Photo, area_average
from engine.progress import Progress, finish
from engine.renderer import Renderer
from engine.settings import Settings
from engine.sidecar import read_edit
from tests.photos import photo_of, scene

EXIF = Exif(
    make="Canon",
    model="EOS 6D",
    lens="EF 24-105 mm",
    iso=1000.0,
    shutter=Fraction(1, 60),
    aperture=5.6,
    focal_length=65.0,
    taken="2019:06:06 07:29:51",
    tags={
        274: (6,),
        315: "Łukasz",
        34850: (3,),
        37380: (Fraction(-1, 3),),
        34853: {1: "N", 2: (47, 10, Fraction(5, 2)), 3: "E", 4: (8, 30, 0)},
    },
)
SETTINGS = Settings().replace(BASIC.control("exposure"), 0.5)


@pytest.fixture(scope="module")
def photo() -> Photo:
    made = photo_of(scene(96, 64))
    return Photo(made.image, made.metadata.replace(exif=EXIF), made.statistics)


def picture(photo: Photo, space: str = "srgb") -> torch.Tensor:
    """What the file should hold (H, W, 3)."""
    seen = photo.metadata.replace(output=color.SPACES[space])
    finished = Renderer(Photo(photo.image, seen, photo.statistics), BASIC).picture(SETTINGS)
    return finished[0].permute(1, 2, 0)


def written(photo: Photo, out: Path, **wishes) -> Path:
    return finish(export(photo, SETTINGS, out, finisher=BASIC, **wishes))


def codes(values: torch.Tensor, bits: int) -> np.ndarray:
    return np.round(values.double().numpy() * (2**bits - 1))


class TestNumbers:
    @pytest.mark.parametrize("bits", [8, 16])
    def test_tiff_of_integers(self, photo, tmp_path, bits):
        found = tifffile.imread(written(photo, tmp_path / "a.tif", bits=bits))
        assert found.dtype == f"uint{bits}"
        assert np.abs(found - codes(picture(photo), bits)).max() <= (bits == 16)

    def test_tiff_of_floats_in_linear_light_of_another_space(self, photo, tmp_path):
        out = written(photo, tmp_path / "a.tif", bits=32, space="prophoto", linear=True)
        found = tifffile.imread(out)
        expected = color.decode(picture(photo, "prophoto"), color.PROPHOTO)
        assert found.dtype == np.float32
        assert np.array_equal(found, expected.numpy())

    @pytest.mark.parametrize("bits", [8, 16])
    def test_png(self, photo, tmp_path, bits):
        import cv2

        out = written(photo, tmp_path / "a.png", bits=bits, space="display-p3")
        found = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)[..., ::-1]
        assert found.dtype == f"uint{bits}"
        assert np.abs(found - codes(picture(photo, "display-p3"), bits)).max() <= (bits == 16)

    @pytest.mark.parametrize(("bits", "tolerance"), [(16, 5e-4), (32, 0.0)])
    def test_exr_is_linear(self, photo, tmp_path, bits, tolerance):
        out = written(photo, tmp_path / "a.exr", bits=bits, space="rec2020")
        with OpenEXR.File(str(out)) as opened:
            found, header = opened.channels()["RGB"].pixels.copy(), dict(opened.header())
        expected = color.decode(picture(photo, "rec2020"), color.REC2020).numpy()
        assert found.dtype == f"float{bits}"
        assert np.abs(found - expected).max() <= tolerance
        assert header["chromaticities"][:2] == pytest.approx((0.708, 0.292))
        assert header["cameraModel"] == "EOS 6D"

    def test_jpeg(self, photo, tmp_path):
        with Image.open(written(photo, tmp_path / "a.jpg", quality=98)) as opened:
            found = np.asarray(opened).astype(float)
        assert np.abs(found - codes(picture(photo), 8)).mean() < 2.0

    def test_quality_is_used(self, photo, tmp_path):
        sizes = [
            written(photo, tmp_path / f"{q}.jpg", quality=q).stat().st_size for q in (30, 92, 100)
        ]
        assert sizes == sorted(sizes)
        assert sizes[0] < sizes[2] / 3

    def test_a_reduced_export_reduces_the_raw_and_then_finishes(self, photo, tmp_path):
        out = written(photo, tmp_path / "a.tif", long_side=40)
        small = photo.reduced(40)
        assert small.size == (40, 27)
        assert torch.equal(small.image, area_average(photo.image, (27, 40)))
        assert np.abs(tifffile.imread(out) - codes(picture(small), 16)).max() <= 1

    def test_it_never_enlarges(self, photo, tmp_path):
        assert tifffile.imread(written(photo, tmp_path / "a.tif", long_side=500)).shape[1] == 96


class TestAbout:
    @pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
    def test_profile_and_exif(self, photo, tmp_path, name):
        out = written(photo, tmp_path / name, space="adobe-rgb", bits=8)
        with warnings.catch_warnings(), Image.open(out) as opened:
            opened.load()
            profile = ImageCms.ImageCmsProfile(io.BytesIO(opened.info["icc_profile"]))
            exif = opened.getexif()
            shot, gps = exif.get_ifd(0x8769), exif.get_ifd(0x8825)
        assert ImageCms.getProfileDescription(profile).strip() == "Adobe RGB (1998)"
        assert (exif[271], exif[272], exif[274]) == ("Canon", "EOS 6D", 1)
        assert exif[305] == "Photofinish 0.1.0"
        assert exif[315].encode("latin-1").decode() == "Łukasz"
        assert shot[33434] == pytest.approx(1 / 60)
        assert (shot[33437], shot[34855], shot[37386]) == (5.6, 1000, 65.0)
        assert shot[36867] == "2019:06:06 07:29:51"
        assert shot[42036] == "EF 24-105 mm"
        assert shot[37380] == pytest.approx(-1 / 3)
        assert shot[40961] == 65535  # not sRGB
        assert gps[2] == (47.0, 10.0, 2.5)

    def test_srgb_is_called_so(self, photo, tmp_path):
        with Image.open(written(photo, tmp_path / "a.jpg")) as opened:
            assert opened.getexif().get_ifd(0x8769)[40961] == 1

    @pytest.mark.parametrize(("linear", "title"), [(False, "sRGB"), (True, "sRGB, linear")])
    def test_a_16_bit_png_carries_its_profile_too(self, photo, tmp_path, linear, title):
        out = written(photo, tmp_path / "a.png", bits=16, linear=linear)
        with Image.open(out) as opened:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(opened.info["icc_profile"]))
            assert opened.getexif()[271] == "Canon"
        assert ImageCms.getProfileDescription(profile).strip() == title

    def test_a_photo_that_says_nothing_of_itself(self, photo, tmp_path):
        bare = Photo(photo.image, photo.metadata.replace(exif=Exif()), photo.statistics)
        for name in ("a.jpg", "a.png", "a.tif", "a.exr"):
            assert written(bare, tmp_path / name).stat().st_size > 0


class TestSafety:
    def test_cancelled_between_any_two_steps_leaves_the_old_file(self, photo, tmp_path):
        out = tmp_path / "a.tif"
        out.write_bytes(b"old")
        steps = sum(isinstance(s, Progress) for s in export(photo, SETTINGS, out, finisher=BASIC))
        assert steps == len(BASIC) + 1
        out.write_bytes(b"old")
        for stop in range(1, steps + 1):
            work = export(photo, SETTINGS, out, finisher=BASIC)
            for _ in range(stop):
                next(work)
            work.close()
            assert out.read_bytes() == b"old"
            assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]

    def test_a_failing_writer_leaves_the_old_file(self, photo, tmp_path, monkeypatch):
        def full(*_, **__):
            raise OSError(28, "No space left on device")

        out = tmp_path / "a.tif"
        out.write_bytes(b"old")
        monkeypatch.setattr(tifffile, "imwrite", full)
        with pytest.raises(PhotofinishError, match=r"a\.tif cannot be written: no space left"):
            written(photo, out)
        assert out.read_bytes() == b"old"
        assert len(list(tmp_path.iterdir())) == 1

    @pytest.mark.parametrize(
        ("name", "wishes", "sentence"),
        [
            ("a.gif", {}, "must end in .jpg, .png, .tif or .exr"),
            ("a.cr2", {}, "must end in"),
            ("a", {}, "must end in"),
            ("a.jpg", {"bits": 16}, "JPEG holds 8 bits per channel, not 16"),
            ("a.exr", {"bits": 8}, "OpenEXR holds 16 or 32 bits"),
            ("a.png", {"space": "cmyk"}, "'cmyk' is none of srgb"),
            ("a.png", {"long_side": 0}, "long side"),
            ("a.jpg", {"quality": 101}, "quality"),
            ("no/where/a.jpg", {}, "does not exist"),
        ],
    )
    def test_wishes_that_do_not_fit_are_told(self, tmp_path, name, wishes, sentence):
        with pytest.raises(PhotofinishError, match=sentence):
            check(tmp_path / name, **wishes)

    def test_a_link_to_a_raw_is_not_written_through(self, photo, tmp_path):
        raw, link = tmp_path / "a.NEF", tmp_path / "a.jpg"
        raw.write_bytes(b"raw")
        link.symlink_to(raw)
        with pytest.raises(PhotofinishError, match="cannot be exported to"):
            written(photo, link)
        assert raw.read_bytes() == b"raw"


class TestTaps:
    def test_every_stage_as_it_leaves_it(self, photo, tmp_path):
        settings = SETTINGS.switch("vibrance", on=False)
        work = export_taps(photo, settings, tmp_path / "taps", finisher=BASIC, name="a")
        paths = finish(work)
        about = json.loads((tmp_path / "taps" / "taps.json").read_text())
        taps = list(Renderer(photo, BASIC).render(settings))
        assert [p.name for p in paths] == [entry["file"] for entry in about["taps"]]
        assert len(paths) == len(BASIC)
        for i, (path, tap, entry) in enumerate(zip(paths, taps, about["taps"], strict=True)):
            assert path.name == f"{i + 1:02d}_{tap.stage.name}.tif"
            assert entry["space"] == tap.stage.space.value
            assert entry["on"] == (tap.stage.name != "vibrance")
            found = torch.from_numpy(tifffile.imread(path)).permute(2, 0, 1)
            assert torch.equal(found, tap.image[0])
        exposure = next(entry for entry in about["taps"] if entry["stage"] == "exposure")
        assert exposure["values"] == {"exposure": 0.5}
        assert read_edit(tmp_path / "taps" / "a.xmp", BASIC).settings == settings
