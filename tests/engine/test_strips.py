"""Strips give what the whole gives, and stand aside for gradients."""

from collections import Counter
from threading import Barrier, Thread

import pytest
import torch
from torch import Tensor

from engine import filters, strips
from engine.finishers.basic import BASIC
from engine.renderer import Renderer
from engine.settings import Settings
from engine.strips import alone, at_once, in_strips
from tests.photos import photo_of, scene


@pytest.fixture
def plane() -> Tensor:
    return torch.rand(1, 2, 61, 20, generator=torch.Generator().manual_seed(5))


@pytest.fixture(autouse=True)
def _small_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "STRIP_PIXELS", 20 * 6)


def test_a_blur_on_strips_with_a_halo_is_the_blur_of_the_whole(plane: Tensor) -> None:
    seen: list[int] = []

    def blur(strip: Tensor, top: int) -> Tensor:
        seen.append(top)
        return filters.gaussian_blur(strip, 1.0)

    with torch.no_grad():
        blurred = in_strips(blur, plane, halo=filters.blur_reach(1.0))
    torch.testing.assert_close(blurred, filters.gaussian_blur(plane, 1.0), rtol=0, atol=1e-6)
    assert len(seen) == 11
    assert all(top % 2 == 0 for top in seen)


def test_an_operator_may_halve_the_rows(plane: Tensor) -> None:
    with torch.no_grad():
        halved = in_strips(lambda strip, _: filters.halve_box(strip), plane, halo=1, shrink=2)
    assert torch.equal(halved, filters.halve_box(plane))


def test_rows_enlarged_for_a_strip_are_those_of_the_whole(plane: Tensor) -> None:
    whole = filters.enlarge(plane, (150, 71))
    rows = filters.enlarged(plane, (150, 71))
    for top in (0, 70, 140):
        torch.testing.assert_close(rows(top, 10), whole[..., top : top + 10, :])


def test_gradients_pass_backward_and_forward(plane: Tensor) -> None:
    gain = torch.tensor(2.0, requires_grad=True)
    in_strips(lambda strip, _: strip * gain, plane).sum().backward()
    assert float(gain.grad) == pytest.approx(float(plane.sum()), rel=1e-5)

    def scaled(factor: Tensor) -> Tensor:
        return alone(lambda: in_strips(lambda strip, _: strip * factor, plane))

    with torch.no_grad():
        _, tangent = torch.func.jvp(scaled, (torch.tensor(2.0),), (torch.tensor(1.0),))
    assert torch.equal(tangent, plane)


def test_an_error_in_a_strip_comes_through(plane: Tensor) -> None:
    def fail(strip: Tensor, top: int) -> Tensor:
        if top:
            raise ValueError(top)
        return strip

    with torch.no_grad(), pytest.raises(ValueError, match="6"):
        in_strips(fail, plane)


def test_every_stage_is_the_same_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = photo_of(scene(75, 51))
    settings = Settings()
    for slider in BASIC.sliders:
        settings = settings.replace(slider, float(slider.denormalize(0.7)))
    monkeypatch.setattr(strips, "STRIP_PIXELS", 75 * 6)
    cut = Renderer(photo, BASIC).picture(settings)
    monkeypatch.setattr(strips, "STRIP_PIXELS", 1 << 20)
    torch.testing.assert_close(cut, Renderer(photo, BASIC).picture(settings), atol=2e-5, rtol=0)


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_at_once_runs_every_item_once(count: int) -> None:
    ran: list[int] = []
    at_once(ran.append, range(count))
    assert Counter(ran) == Counter(range(count))


def test_at_once_shares_with_a_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    if strips._count() < 2:
        pytest.skip("torch has one thread here")
    together = Barrier(2, timeout=20.0)
    at_once(lambda _: together.wait(), range(2))
    assert together.n_waiting == 0


@pytest.mark.parametrize("wrong", [0, 50, 99])
def test_what_goes_wrong_on_any_thread_is_raised_here(wrong: int) -> None:
    def run(item: int) -> None:
        if item == wrong:
            raise ValueError(str(item))

    with pytest.raises(ValueError, match=str(wrong)):
        at_once(run, range(100))
    ran: list[int] = []
    at_once(ran.append, range(100))  # and the next job is none the worse
    assert len(ran) == 100


def test_many_threads_may_ask_at_once() -> None:
    totals: list[int] = []

    def ask() -> None:
        for _ in range(50):
            ran: list[int] = []
            at_once(ran.append, range(7))
            totals.append(sum(ran))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)
    assert totals == [21] * 200
