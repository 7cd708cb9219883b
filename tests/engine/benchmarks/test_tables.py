"""Tables against the stages themselves, on photos, gradients and greys."""

from engine.benchmarks.tables import gradients, greys, pointwise, tables
from engine.finishers.basic import BASIC
from engine.progress import finish
from engine.stage import Kind
from tests.photos import photo_of, scene


def test_a_drag_s_lattice_is_no_worse_than_the_plain_one() -> None:
    found = finish(tables(BASIC, [("made", photo_of(scene(120, 80)))], settings=2))
    assert found["drag"]["mean_de"] <= found["plain"]["mean_de"]
    assert found["drag"]["worst_mean_de"] < 0.5
    assert found["chroma_of_greys"] < 0.5


def test_areawise_stages_rest_and_all_others_move() -> None:
    settings = pointwise(BASIC, 0)
    for stage in BASIC:
        moved = any(slider.name in settings.values for slider in stage.sliders)
        assert moved == (stage.kind is not Kind.AREAWISE and bool(stage.sliders)), stage.name


def test_gradients_and_greys_reach_from_deep_shade_to_clipping() -> None:
    for photo in (gradients(), greys()):
        assert float(photo.image.min()) < 0.002
        assert float(photo.image.max()) == 1.0
