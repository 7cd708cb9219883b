"""The sidecar: what is written is read, nothing that others wrote is lost."""

import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import etree

from engine import camera_raw, sidecar
from engine.errors import PhotofinishError
from engine.finishers.basic import BASIC
from engine.preset import read_preset
from engine.settings import Settings
from engine.sidecar import Sidecar, read_edit, write_edit
from engine.slider import CubeFile, Curve, Slider
from engine.xmp import Packet
from tests.engine.controls import (
    AMOUNT,
    CONTRAST,
    CURVE,
    EXPOSURE,
    FINISHER,
    LUT,
    RADIUS,
    TEMPERATURE,
    TINT,
)

FOREIGN = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<!-- a comment -->
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Somebody 1.0">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmp:Rating="4" crs:ProcessVersion="15.4" crs:HasSettings="True" {attributes}>
   <dc:subject><rdf:Bag><rdf:li>wedding</rdf:li><rdf:li>łódź</rdf:li></rdf:Bag></dc:subject>
   {elements}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def foreign(attributes: str = "", elements: str = "") -> bytes:
    return FOREIGN.format(attributes=attributes, elements=elements).encode()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "IMG_0001.CR2"
    path.write_bytes(b"not read here")
    return path


def values(control):
    if isinstance(control, Slider):
        numbers = st.floats(control.low, control.high)
        return numbers if control.default is not None else st.none() | numbers
    if isinstance(control, Curve):
        ends = st.floats(0.0, 255.0)
        points = st.lists(st.tuples(ends, ends), min_size=2, max_size=6, unique_by=lambda p: p[0])
        return points.map(lambda found: tuple(sorted(found)))
    assert isinstance(control, CubeFile)
    return st.text(max_size=20)


@st.composite
def any_settings(draw):
    settings = Settings()
    for control in FINISHER.controls:
        if draw(st.booleans()):
            settings = settings.replace(control, draw(values(control)))
    for stage in FINISHER:
        settings = settings.switch(stage.name, on=draw(st.booleans()))
    return settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("folder")


@given(first=any_settings(), second=any_settings())
@hypothesis_settings(max_examples=60, deadline=None)
def test_any_settings_come_back_exactly(folder, first, second):
    raw = folder / "a.dng"
    writer = Sidecar.for_raw(raw, FINISHER)
    for settings in (first, second):
        path = writer.write(settings)
        edit = Sidecar.for_raw(raw, FINISHER).read()
        assert edit.settings == settings
        assert edit.exact
        assert edit.notes == ()
        assert edit.source == path == folder / "a.xmp"


@given(settings=any_settings())
@hypothesis_settings(max_examples=60, deadline=None)
def test_other_programs_find_the_same_rounded(folder, settings):
    path = folder / "rounded.xmp"
    path.unlink(missing_ok=True)
    write_edit(path, settings, FINISHER)
    found = camera_raw.read(Packet(path.read_bytes()), FINISHER).values
    for stage in FINISHER:
        for control in stage.sliders:
            value = stage.values(settings)[control.name]
            if control.xmp and value is not None:
                assert abs(found[control.name] - value) <= 0.5000001 * 10.0**-control.decimals


class TestReading:
    def test_neutral_where_there_is_nothing(self, raw):
        edit = Sidecar.for_raw(raw, FINISHER).read()
        assert edit.settings == Settings()
        assert edit.source is None

    @pytest.mark.parametrize(
        ("attributes", "elements"),
        [
            ('crs:Exposure2012="+0.50" crs:Contrast2012="-12" crs:Sharpness="40"', ""),
            (
                "",
                "<crs:Exposure2012>+0.50</crs:Exposure2012><crs:Contrast2012>-12"
                "</crs:Contrast2012><crs:Sharpness>40</crs:Sharpness>",
            ),
        ],
        ids=["attributes", "elements"],
    )
    def test_both_styles(self, raw, attributes, elements):
        raw.with_suffix(".xmp").write_bytes(foreign(attributes, elements))
        edit = Sidecar.for_raw(raw, FINISHER).read()
        assert edit.settings.values == {"exposure": 0.5, "contrast": -12.0, "sharpen_amount": 40.0}
        assert not edit.exact

    def test_a_nested_look_does_not_overwrite(self, raw):
        look = (
            '<crs:Look><rdf:Description crs:Name="Film" crs:Exposure2012="+3.00"'
            ' crs:Dehaze="+50"/></crs:Look>'
        )
        raw.with_suffix(".xmp").write_bytes(foreign('crs:Exposure2012="-1.00"', look))
        edit = Sidecar.for_raw(raw, FINISHER).read()
        assert edit.settings.values == {"exposure": -1.0}
        assert "The look 'Film' was ignored." in edit.notes

    def test_already_applied_is_not_applied(self, raw):
        content = foreign('crs:Exposure2012="-1.00" crs:AlreadyApplied="True"')
        raw.with_suffix(".xmp").write_bytes(content)
        edit = Sidecar.for_raw(raw, FINISHER).read()
        assert edit.settings == Settings()
        assert any("already applied" in note for note in edit.notes)

    def test_an_older_process_is_told(self, raw):
        content = foreign(
            'crs:Exposure="+1.50" crs:FillLight="20" crs:Saturation="0" crs:Tint="+9"'
            ' crs:Temperature="4000" crs:Contrast2012="+50"'
        ).replace(b"15.4", b"5.7")
        raw.with_suffix(".xmp").write_bytes(content)
        edit = Sidecar.for_raw(raw, FINISHER).read()
        assert edit.settings.values == {"temperature": 4000.0, "tint": 9.0}
        note = next(note for note in edit.notes if "process version 5.7" in note)
        assert "Exposure +1.50" in note
        assert "FillLight 20" in note

    def test_missing_sharpness_and_noise_reduction_are_0_and_told(self, raw):
        raw.with_suffix(".xmp").write_bytes(foreign('crs:Exposure2012="+1.00"'))
        edit = Sidecar.for_raw(raw, FINISHER).read()
        told = " ".join(edit.notes)
        assert edit.settings[AMOUNT] == 0.0
        assert "Sharpness is missing in the XMP and is 0 here; Camera Raw would apply 40." in told
        assert "ColorNoiseReduction is missing" in told
        assert "LuminanceSmoothing is missing" in told

    def test_what_is_out_of_range_is_clamped_and_told(self, raw):
        content = foreign('crs:Exposure2012="+7.00" crs:Temperature="60000"')
        raw.with_suffix(".xmp").write_bytes(content)
        edit = Sidecar.for_raw(raw, FINISHER).read()
        assert edit.settings.values == {"exposure": 5.0, "temperature": 50000.0}
        assert "Exposure 7 is out of range and was taken as 5." in edit.notes

    @pytest.mark.parametrize("value", ["nan", "inf", "1e999", "many", ""])
    def test_what_is_no_number_is_ignored_and_told(self, raw, value):
        raw.with_suffix(".xmp").write_bytes(foreign(f'crs:Exposure2012="{value}"'))
        edit = Sidecar.for_raw(raw, FINISHER).read()
        assert edit.settings == Settings()
        assert "Exposure2012 cannot be read and was ignored." in edit.notes

    @pytest.mark.parametrize(
        ("white", "expected"),
        [
            ('crs:WhiteBalance="As Shot" crs:Temperature="5200" crs:Tint="+4"', {}),
            (
                'crs:WhiteBalance="Custom" crs:Temperature="5200" crs:Tint="+4"',
                {"temperature": 5200.0, "tint": 4.0},
            ),
            ('crs:WhiteBalance="Shade"', {"temperature": 7500.0, "tint": 10.0}),
            ('crs:WhiteBalance="Auto"', {}),
        ],
    )
    def test_white_balance(self, raw, white, expected):
        raw.with_suffix(".xmp").write_bytes(foreign(white))
        assert Sidecar.for_raw(raw, FINISHER).read().settings.values == expected

    def test_what_we_do_not_have_is_told_only_if_it_is_on(self, raw):
        content = foreign(
            'crs:GrainAmount="20" crs:GrainSize="25" crs:PostCropVignetteAmount="0"'
            ' crs:PostCropVignetteFeather="50" crs:Wonder="+3" crs:ParametricShadowSplit="25"'
        )
        raw.with_suffix(".xmp").write_bytes(content)
        notes = [n for n in Sidecar.for_raw(raw, FINISHER).read().notes if "missing" not in n]
        assert notes == [
            "Grain was ignored (GrainAmount 20).",
            "Not known here and ignored: Wonder +3.",
        ]

    def test_unknown_names_in_our_namespace_are_told_and_kept(self, raw):
        path = Sidecar.for_raw(raw, FINISHER).write(Settings().replace(EXPOSURE, 1.0))
        path.write_bytes(
            path.read_bytes().replace(b'photofinish:exposure="1.0"', b'photofinish:glow="1.0"')
        )
        later = Sidecar.for_raw(raw, FINISHER)
        assert any("glow" in note for note in later.read().notes)
        later.write(Settings().replace(EXPOSURE, 2.0))
        assert Packet(path.read_bytes()).text(sidecar.NAMESPACE, "glow") == "1.0"


class TestWriting:
    def test_numbers_as_camera_raw_writes_them(self, raw):
        settings = Settings()
        for control, value in (
            (EXPOSURE, 0.501),
            (CONTRAST, 12.4),
            (RADIUS, 1.26),
            (AMOUNT, 40.0),
            (TEMPERATURE, 5200.3),
            (TINT, -3.0),
            (CURVE, ((0.0, 0.0), (128.2, 140.7), (255.0, 255.0))),
        ):
            settings = settings.replace(control, value)
        packet = Packet(Sidecar.for_raw(raw, FINISHER).write(settings).read_bytes())
        says = {name: packet.get(camera_raw.NAMESPACE, name) for name in _crs_names(packet)}
        assert says["Exposure2012"] == "+0.50"
        assert says["Contrast2012"] == "+12"
        assert says["SharpenRadius"] == "+1.3"
        assert says["Sharpness"] == "40"
        assert says["Temperature"] == "5200"
        assert says["Tint"] == "-3"
        assert says["WhiteBalance"] == "Custom"
        assert says["ToneCurvePV2012"] == ("0, 0", "128, 141", "255, 255")
        assert says["ToneCurveName2012"] == "Custom"
        assert says["ProcessVersion"] == "11.0"
        assert says["HasSettings"] == "True"

    def test_as_shot_is_absence(self, raw):
        writer = Sidecar.for_raw(raw, FINISHER)
        writer.write(Settings().replace(TEMPERATURE, 4000.0))
        packet = Packet(writer.write(Settings()).read_bytes())
        assert packet.text(camera_raw.NAMESPACE, "WhiteBalance") == "As Shot"
        assert packet.get(camera_raw.NAMESPACE, "Temperature") is None

    def test_an_as_shot_tint_beside_a_custom_temperature_is_spelled_out(self, raw):
        writer = Sidecar.for_raw(raw, FINISHER)
        path = writer.write(Settings().replace(TEMPERATURE, 4000.0), as_shot=(5100.0, 7.0))
        assert Packet(path.read_bytes()).text(camera_raw.NAMESPACE, "Tint") == "+7"
        assert Sidecar.for_raw(raw, FINISHER).read().settings[TINT] is None

    def test_a_stage_that_is_off_is_neutral_for_others_and_kept_for_us(self, raw):
        settings = Settings().replace(EXPOSURE, 1.0).switch("exposure", on=False)
        path = Sidecar.for_raw(raw, FINISHER).write(settings)
        assert Packet(path.read_bytes()).text(camera_raw.NAMESPACE, "Exposure2012") == "0.00"
        assert Sidecar.for_raw(raw, FINISHER).read().settings == settings

    def test_unknown_content_survives(self, raw):
        before = foreign(
            'crs:GrainAmount="20" crs:Contrast2012="32.5"',
            '<crs:Look><rdf:Description crs:Name="Film" crs:Contrast2012="+9"/></crs:Look>'
            "<!-- inner --><xmp:Label>red</xmp:Label>",
        )
        path = raw.with_suffix(".xmp")
        path.write_bytes(before)
        writer = Sidecar.for_raw(raw, FINISHER)
        assert writer.write(writer.read().settings) == path
        _nothing_lost(before, path.read_bytes())
        assert b"<!-- a comment -->" in path.read_bytes()
        assert b"<!-- inner -->" in path.read_bytes()
        assert Packet(path.read_bytes()).text(camera_raw.NAMESPACE, "Contrast2012") == "32.5"

    def test_no_temporary_file_stays(self, raw):
        Sidecar.for_raw(raw, FINISHER).write(Settings())
        assert sorted(p.name for p in raw.parent.iterdir()) == ["IMG_0001.CR2", "IMG_0001.xmp"]

    def test_a_folder_that_cannot_be_written_is_a_sentence(self, tmp_path):
        writer = Sidecar.for_raw(tmp_path / "gone" / "a.dng", FINISHER)
        with pytest.raises(PhotofinishError, match=r"a\.xmp cannot be written: no such file"):
            writer.write(Settings())


class TestOthers:
    def test_a_foreign_sidecar_is_copied_before_the_first_write(self, raw):
        path, backup = raw.with_suffix(".xmp"), raw.with_suffix(".xmp.bak")
        path.write_bytes(foreign())
        backup.write_bytes(b"an older one")
        writer = Sidecar.for_raw(raw, FINISHER)
        for ev in (1.0, 2.0):
            writer.write(Settings().replace(EXPOSURE, ev))
        assert backup.read_bytes() == b"an older one"
        assert raw.with_suffix(".xmp.bak.2").read_bytes() == foreign()
        assert not raw.with_suffix(".xmp.bak.3").exists()

    def test_our_own_sidecar_is_not_copied(self, raw):
        Sidecar.for_raw(raw, FINISHER).write(Settings())
        Sidecar.for_raw(raw, FINISHER).write(Settings().replace(EXPOSURE, 1.0))
        assert not list(raw.parent.glob("*.bak*"))

    def test_another_raw_of_the_same_stem_keeps_its_sidecar(self, raw):
        other = raw.with_suffix(".DNG")
        other.write_bytes(b"")
        bright, dark = (Settings().replace(EXPOSURE, ev) for ev in (1.0, -1.0))
        assert Sidecar.for_raw(raw, FINISHER).write(bright).name == "IMG_0001.CR2.photofinish.xmp"
        assert Sidecar.for_raw(other, FINISHER).write(dark).name == "IMG_0001.DNG.photofinish.xmp"
        assert Sidecar.for_raw(raw, FINISHER).read().settings == bright
        assert Sidecar.for_raw(other, FINISHER).read().settings == dark

    def test_a_raw_that_joins_later_does_not_take_the_sidecar(self, raw):
        bright = Settings().replace(EXPOSURE, 1.0)
        beside = Sidecar.for_raw(raw, FINISHER).write(bright)
        before = beside.read_bytes()
        other = raw.with_suffix(".dng")
        other.write_bytes(b"")
        assert Sidecar.for_raw(other, FINISHER).read().settings == Settings()
        assert Sidecar.for_raw(raw, FINISHER).read().settings == bright
        Sidecar.for_raw(other, FINISHER).write(Settings())
        Sidecar.for_raw(raw, FINISHER).write(bright.replace(CONTRAST, 5.0))
        assert beside.read_bytes() == before

    def test_a_jpeg_of_the_same_stem_does_not_count(self, raw):
        raw.with_suffix(".JPG").write_bytes(b"")
        assert Sidecar.for_raw(raw, FINISHER).write(Settings()) == raw.with_suffix(".xmp")

    def test_a_program_that_changes_it_meanwhile_keeps_its_change(self, raw):
        path = raw.with_suffix(".xmp")
        writer = Sidecar.for_raw(raw, FINISHER)
        writer.write(Settings())
        path.write_bytes(foreign('crs:Exposure2012="-2.00"'))
        mine = Settings().replace(EXPOSURE, 1.0)
        alone = writer.write(mine)
        assert path.read_bytes() == foreign('crs:Exposure2012="-2.00"')
        assert alone.name == "IMG_0001.CR2.photofinish.xmp"
        assert Sidecar.for_raw(raw, FINISHER).read().settings == mine

    def test_a_program_that_changed_our_values_keeps_its_change(self, raw):
        mine = Settings().replace(EXPOSURE, 1.0)
        path = Sidecar.for_raw(raw, FINISHER).write(mine)
        theirs = path.read_bytes().replace(b'"+1.00"', b'"+2.00"')
        path.write_bytes(theirs)
        later = Sidecar.for_raw(raw, FINISHER)
        edit = later.read()
        assert edit.settings == mine
        assert any("Another program has changed" in note for note in edit.notes)
        assert later.write(mine.replace(CONTRAST, 3.0)) != path
        assert path.read_bytes() == theirs

    def test_a_program_that_only_rewords_is_no_change(self, raw):
        mine = Settings().replace(EXPOSURE, 1.0)
        path = Sidecar.for_raw(raw, FINISHER).write(mine)
        path.write_bytes(path.read_bytes().replace(b'"+1.00"', b'"1.0"'))
        later = Sidecar.for_raw(raw, FINISHER)
        assert later.read().notes == ()
        assert later.write(mine.replace(CONTRAST, 3.0)) == path

    def test_a_sidecar_that_was_deleted_comes_back_with_ours_only(self, raw):
        path = raw.with_suffix(".xmp")
        path.write_bytes(foreign('crs:GrainAmount="20"'))
        writer = Sidecar.for_raw(raw, FINISHER)
        writer.write(Settings())
        path.unlink()
        assert writer.write(Settings().replace(EXPOSURE, 1.0)) == path
        assert b"GrainAmount" not in path.read_bytes()

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"not xml",
            b"<a/>",
            foreign()[:300],
            b"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
            b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>",
        ],
        ids=["empty", "text", "other xml", "truncated", "doctype"],
    )
    def test_a_bad_sidecar_is_told_and_left_alone(self, raw, content):
        path = raw.with_suffix(".xmp")
        path.write_bytes(content)
        writer = Sidecar.for_raw(raw, FINISHER)
        edit = writer.read()
        assert edit.settings == Settings()
        assert any(note.startswith("IMG_0001.xmp was left alone.") for note in edit.notes)
        mine = Settings().replace(EXPOSURE, 1.0)
        writer.write(mine)
        assert path.read_bytes() == content
        assert Sidecar.for_raw(raw, FINISHER).read().settings == mine

    def test_our_own_file_damaged_is_copied_before_it_is_replaced(self, raw):
        raw.with_suffix(".dng").write_bytes(b"")
        alone = Sidecar.for_raw(raw, FINISHER).write(Settings())
        alone.write_bytes(b"broken")
        writer = Sidecar.for_raw(raw, FINISHER)
        assert any("left alone" in note for note in writer.read().notes)
        mine = Settings().replace(EXPOSURE, 1.0)
        assert writer.write(mine) == alone
        assert alone.with_name(alone.name + ".bak").read_bytes() == b"broken"
        assert Sidecar.for_raw(raw, FINISHER).read().settings == mine

    @pytest.mark.skipif(os.name == "nt", reason="needs a named pipe")
    def test_a_pipe_in_its_place_does_not_hang(self, raw):
        os.mkfifo(raw.with_suffix(".xmp"))
        writer = Sidecar.for_raw(raw, FINISHER)
        assert "is no XMP file" in writer.read().notes[0]
        assert writer.write(Settings()).name == "IMG_0001.CR2.photofinish.xmp"

    def test_a_link_stays_a_link(self, raw, tmp_path):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        real = elsewhere / "edits.xmp"
        real.write_bytes(foreign())
        raw.with_suffix(".xmp").symlink_to(real)
        Sidecar.for_raw(raw, FINISHER).write(Settings().replace(EXPOSURE, 1.0))
        assert raw.with_suffix(".xmp").is_symlink()
        assert b"photofinish:exposure" in real.read_bytes()


class TestFiles:
    def test_an_edit_goes_through_one_file(self, tmp_path):
        settings = Settings().replace(LUT, "/looks/Ünïcode \udc80\x01.cube").replace(EXPOSURE, 0.1)
        write_edit(tmp_path / "a.xmp", settings, FINISHER)
        assert read_edit(tmp_path / "a.xmp", FINISHER).settings == settings

    def test_a_file_that_is_no_xmp_is_not_replaced(self, tmp_path):
        raw = tmp_path / "a.cr2"
        raw.write_bytes(b"II*\0 a raw")
        with pytest.raises(PhotofinishError, match="left alone"):
            write_edit(raw, Settings(), FINISHER)
        assert raw.read_bytes() == b"II*\0 a raw"

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [(None, "does not exist"), (b"x", "no sound XMP"), (b"", "no sound XMP")],
    )
    def test_a_bad_file_is_a_sentence(self, tmp_path, content, sentence):
        path = tmp_path / "a.xmp"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(PhotofinishError, match=sentence):
            read_edit(path, FINISHER)


class TestBasic:
    """The real finisher: everything that Camera Raw has a name for is named so."""

    def test_every_number_has_its_property(self):
        without = {slider.name for slider in BASIC.sliders if not slider.xmp}
        assert without == {"lut_amount"}
        names = [c.xmp for c in BASIC.controls if c.xmp]
        assert len(names) == len(set(names))

    def test_every_control_comes_back(self, raw):
        settings = Settings()
        for i, slider in enumerate(BASIC.sliders):
            settings = settings.replace(slider, slider.denormalize((i + 0.5) / len(BASIC.sliders)))
        settings = settings.replace(BASIC.control("lut"), "looks/a.cube")
        Sidecar.for_raw(raw, BASIC).write(settings)
        assert Sidecar.for_raw(raw, BASIC).read().settings == settings

    def test_a_preset_of_everything(self, tmp_path):
        numbers = {s.xmp: s.denormalize(0.6) for s in BASIC.sliders if s.xmp}
        attributes = " ".join(f'crs:{xmp}="{number!r}"' for xmp, number in numbers.items())
        (tmp_path / "all.xmp").write_bytes(foreign(attributes + ' crs:Name="All of it"'))
        preset = read_preset(tmp_path / "all.xmp", BASIC)
        assert preset.name == "All of it"
        assert preset.notes == ()
        applied = preset.applied(Settings().replace(BASIC.control("lut"), "a.cube"), BASIC)
        assert applied[BASIC.control("lut")] == "a.cube"
        for slider in BASIC.sliders:
            if slider.xmp:
                assert applied[slider] == pytest.approx(numbers[slider.xmp])


class TestRealFiles:
    def test_presets_bring_exactly_what_they_say(self, shared_data):
        paths = sorted((shared_data / "xmp_presets").glob("*.xmp"))
        assert len(paths) == 12
        for path in paths:
            preset = read_preset(path, BASIC)
            text = path.read_text("utf-8")
            for slider in BASIC.sliders:
                said = re.search(rf'crs:{slider.xmp}="([^"]*)"', text) if slider.xmp else None
                if said is None:
                    assert slider.name not in preset.values
                elif slider.name != "temperature":  # some hold steps, which are told instead
                    assert preset.values[slider.name] == float(said[1]), (path.name, slider.name)
            assert not any(" missing " in note for note in preset.notes)

    def test_a_preset_tells_what_it_has_beyond_us(self, shared_data):
        preset = read_preset(shared_data / "xmp_presets" / "CCCP Nostalgia.xmp", BASIC)
        assert preset.name == "CCCP Nostalgia"
        assert preset.notes == (
            "Temperature -500 is no color temperature and was ignored.",
            "Grain was ignored (GrainAmount 40).",
            "Color grading was ignored (ColorGradeShadowSat 15, ColorGradeHighlightSat 8).",
            "The look 'Adobe Color' was ignored.",
        )

    def test_the_6d_sidecar_of_lightroom(self, shared_data, tmp_path):
        for suffix in (".dng", ".xmp"):
            source = (shared_data / "raws/canon_eos_6d_lossy_linear").with_suffix(suffix)
            shutil.copyfile(source, tmp_path / f"6d{suffix}")
        before = (tmp_path / "6d.xmp").read_bytes()
        writer = Sidecar.for_raw(tmp_path / "6d.dng", BASIC)
        edit = writer.read()
        assert edit.notes == (
            "Sharpness is missing in the XMP and is 0 here; Camera Raw would apply 40.",
        )
        assert edit.settings.values == {"color_noise": 25.0, "temperature": 6200.0, "tint": -1.0}
        writer.write(edit.settings)
        after = (tmp_path / "6d.xmp").read_bytes()
        _nothing_lost(before, after)
        assert (tmp_path / "6d.xmp.bak").read_bytes() == before
        writer.write(edit.settings.replace(EXPOSURE, 0.5))
        changed = Packet((tmp_path / "6d.xmp").read_bytes())
        assert changed.text(camera_raw.NAMESPACE, "Exposure2012") == "+0.50"

    def test_the_6d_settings_inside_the_dng(self, shared_data, tmp_path):
        raw = tmp_path / "6d.dng"
        shutil.copyfile(shared_data / "raws/canon_eos_6d_lossy_linear.dng", raw)
        edit = Sidecar.for_raw(raw, BASIC).read()
        assert edit.settings.values == {"color_noise": 25.0, "sharpen_amount": 40.0}
        assert edit.source == raw


@given(content=st.binary(max_size=400))
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_break_it(folder, content):
    raw = folder / "fuzz.dng"
    raw.write_bytes(b"II*\0\x08\0\0\0" + content)
    (folder / "fuzz.xmp").write_bytes(foreign()[:200] + content + foreign()[200:])
    assert Sidecar.for_raw(raw, FINISHER).read().finisher == "basic"


def _crs_names(packet: Packet) -> list[str]:
    return packet.names(camera_raw.NAMESPACE)


def _nothing_lost(before: bytes, after: bytes) -> None:
    """Every attribute, text and comment of `before` is in `after`, at the same place."""

    def facts(content: bytes) -> set[tuple[str, ...]]:
        root = etree.fromstring(content)
        paths = {
            node: "/".join(str(p.tag) for p in (*reversed(list(node.iterancestors())), node))
            for node in root.iter()
        }
        texts = {(path, (node.text or "").strip()) for node, path in paths.items()}
        return texts | {
            (path, str(key), str(value))
            for node, path in paths.items()
            for key, value in node.attrib.items()
        }

    assert facts(before) <= facts(after)
