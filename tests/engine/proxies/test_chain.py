"""Chain: what the renderer shows, differentiable with respect to sliders and pixels."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from engine.finisher import Finisher
from engine.finishers.basic import BASIC
from engine.metadata import Calibration, HueSatTable
from engine.photo import canonical_statistics
from engine.proxies.areawise import areawise_proxy
from engine.proxies.chain import Chain
from engine.renderer import Renderer
from engine.settings import Settings
from tests.photos import photo_of, scene

MOVED = ("exposure", "dehaze", "highlights", "clarity", "contrast", "luminance_red", "vibrance")


@pytest.fixture(scope="module")
def photo():
    return photo_of(scene(48, 32))


@pytest.fixture(scope="module")
def settings():
    settings = Settings()
    for name in MOVED:
        slider = BASIC.control(name)
        settings = settings.replace(slider, 0.3 * slider.high)
    return settings


@pytest.fixture(scope="module")
def chain():
    """Proxies, untrained, where a stage has an analysis; exact elsewhere."""
    torch.manual_seed(0)
    stages = [stage for stage in BASIC if stage.analysis is not None]
    return Chain(BASIC, {s.name: areawise_proxy(s).requires_grad_(False).eval() for s in stages})


def test_without_proxies_it_is_what_the_renderer_shows(photo, settings):
    shown = Renderer(photo, BASIC).picture(settings)
    assert_close(Chain(BASIC, {})(photo, settings), shown, atol=1e-4, rtol=0.0)


def test_fractions_are_settings(photo, settings):
    chain = Chain(BASIC, {})
    fractions = chain.fractions(settings, photo.metadata)
    assert_close(chain(photo, fractions), chain(photo, settings), atol=1e-4, rtol=0.0)
    back = chain.settings(fractions)
    for name in MOVED:
        assert back.values[name] == pytest.approx(settings.values[name], rel=1e-4)


def test_many_settings_at_once(photo, settings, chain):
    one = chain.fractions(settings, photo.metadata)
    other = chain.fractions(Settings(), photo.metadata)
    pictures = chain(photo, torch.stack([one, other]))
    assert_close(pictures[:1], chain(photo, one), atol=1e-5, rtol=0.0)
    assert_close(pictures[1:], chain(photo, other), atol=1e-5, rtol=0.0)


def test_stages_that_are_off_stay_off(photo, settings, chain):
    rest = Settings().switch("exposure", on=False)
    fractions = chain.fractions(settings, photo.metadata)
    expected = chain(photo, settings.switch("exposure", on=False))
    assert_close(chain(photo, fractions, rest), expected, atol=1e-4, rtol=0.0)


def test_forward_and_reverse_mode_agree(photo, settings, chain):
    at = chain.fractions(settings, photo.metadata)
    weight = torch.randn(photo.image.shape, generator=torch.Generator().manual_seed(0))
    followed = at.clone().requires_grad_()
    (chain(photo, followed) * weight).sum().backward()
    for name in ("temperature", "shadows", "clarity", "contrast", "hue_orange"):
        index = [slider.name for slider in chain.sliders].index(name)
        unit = torch.zeros_like(at)
        unit[index] = 1.0
        _, tangent = torch.func.jvp(lambda f: chain(photo, f), (at,), (unit,))
        assert followed.grad[index] != 0
        assert_close((tangent * weight).sum(), followed.grad[index], rtol=1e-3, atol=1e-3)


def test_a_slope_over_a_step_tells_what_the_step_changes(photo, chain):
    """A display can show few of these colors: the step takes many across the edge."""
    vivid = Settings().replace(BASIC.control("saturation"), 95.0)
    at, along = chain.fractions(vivid, photo.metadata), torch.zeros(len(chain.sliders))
    along[[slider.name for slider in chain.sliders].index("temperature")] = 1.0
    step = 0.02
    changed = (chain(photo, at + step * along) - chain(photo, at - step * along)) / (2.0 * step)
    over, point = (chain.slope(photo, at, along, by) for by in (step, 0.0))
    assert_close(point, torch.func.jvp(lambda f: chain(photo, f), (at,), (along,))[1])
    assert (over - changed).norm() < 0.8 * (point - changed).norm()


def test_gradients_reach_the_pixels_through_the_statistics_too(photo, settings, chain):
    def picture(image, *, carried):
        h = canonical_statistics(image, photo.metadata) if carried else photo.statistics
        return chain(replace(photo, image=image, statistics=h), settings).mean()

    grads = []
    for carried in (True, False):
        image = photo.image.clone().requires_grad_()
        picture(image, carried=carried).backward()
        assert image.grad.isfinite().all()
        grads.append(image.grad)
    assert not torch.allclose(*grads, rtol=1e-3)


def test_a_profile_with_two_tables_follows_the_temperature(photo):
    matrix = photo.metadata.profile.calibrations[0].color_matrix
    deltas = [torch.ones(1, 6, 3, 3).numpy() for _ in range(2)]
    deltas[0][..., 0], deltas[1][..., 0] = -20.0, 20.0
    lights = tuple(
        Calibration(light, matrix, hue_sat_map=HueSatTable(table))
        for light, table in zip((17, 21), deltas, strict=True)
    )
    profile = replace(photo.metadata.profile, calibrations=lights)
    two = replace(photo, metadata=photo.metadata.replace(profile=profile))
    chain = Chain(BASIC, {})
    darker = Settings().replace(BASIC.control("exposure"), -1.0)  # nothing clips
    warm = darker.replace(BASIC.control("temperature"), 3600.0)
    at = chain.fractions(warm, two.metadata)
    assert_close(chain(two, at), chain(two, warm), atol=1e-4, rtol=0.0)
    unit = torch.zeros_like(at)
    unit[[slider.name for slider in chain.sliders].index("temperature")] = 1.0
    _, tangent = torch.func.jvp(lambda f: chain(two, f), (at,), (unit,))
    difference = (chain(two, at + 0.002 * unit) - chain(two, at - 0.002 * unit)) / 0.004
    assert torch.cosine_similarity(tangent.flatten(), difference.flatten(), dim=0) > 0.98


def test_stages_that_can_be_differentiated_are_exact_and_others_by_their_proxy(photo, monkeypatch):
    stage = replace(BASIC.stage("saturation"), differentiable=False)
    stages = tuple(stage if s.name == stage.name else s for s in BASIC)
    proxies = {"saturation": lambda image, m, h, **values: 0.5 * image, "dehaze": None}
    monkeypatch.setattr("engine.proxies.chain.shipped", lambda finisher: proxies)
    moved = Settings().replace(BASIC.control("saturation"), 30.0)
    moved = moved.replace(BASIC.control("dehaze"), 30.0)
    darker = Chain(Finisher("other", stages))(photo, moved)
    exact = Chain(BASIC)(photo, moved)
    assert_close(exact, Renderer(photo, BASIC).picture(moved), atol=1e-4, rtol=0.0)
    assert darker.mean() < 0.8 * exact.mean()
