"""Live operators: what runs in a stage's place during a drag, and when it rests, on the CPU."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from torch import Tensor, nn

from engine.finisher import Finisher
from engine.finishers import basic
from engine.live import (
    chroma,
    clarity,
    color_balance,
    dehaze,
    detail,
    sharpening,
    texture,
    tone_mapping,
    toning,
)
from engine.live.analysed import Analysed, See, Use
from engine.live.cascade import base_maps
from engine.live.local_laplacian import local_laplacian_maps
from engine.metadata import Metadata
from engine.proxies.areawise import AreawiseProxy, BaseProxy, LocalLaplacianProxy
from engine.proxies.weights import shipped
from engine.stage import Analysis, Operator
from engine.statistics import Statistics

_ANALYSES: Mapping[str, Analysis] = {
    "dehaze": dehaze.ANALYSIS,
    "tone_mapping": tone_mapping.ANALYSIS,
    "clarity": clarity.ANALYSIS,
}
_OPERATORS: Mapping[str, Operator] = {
    "color_balance": color_balance.balanced,
    "exposure": color_balance.exposed,
    "rgb_toning": toning.toned,
    "color_mixer": chroma.mixed,
    "vibrance": chroma.with_vibrance,
    "saturation": chroma.saturated,
    "color_conversion": toning.converted,
    "sharpening": sharpening.sharpened,
}

_SEEING: Mapping[str, tuple[See, Use]] = {
    "detail": (detail.octaves, detail.denoised),
    "texture": (texture.band, texture.textured),
}


def live_analyses(finisher: Finisher) -> dict[str, Analysis]:
    """By the name of its stage: what it makes of a small picture, live.

    The maps are learned ones where a proxy of the stage came with the program, else exact.
    """
    proxies = shipped(finisher)
    return {
        name: _learned(analysis, proxies[name]) if name in proxies else analysis
        for name, analysis in _ANALYSES.items()
        if _is_basic(finisher, name)
    }


def _learned(analysis: Analysis, proxy: nn.Module) -> Analysis:
    """`analysis` with the maps of `proxy`, on its grid."""
    assert isinstance(proxy, AreawiseProxy)
    return replace(analysis, grid=proxy.analysis.grid, maps=_compiled(proxy))


def _compiled(proxy: AreawiseProxy) -> Callable[[Tensor], Tensor]:
    """Its maps by kernels, where there are some for its kind."""
    match proxy:
        case LocalLaplacianProxy():
            return local_laplacian_maps(proxy)
        case BaseProxy():
            return base_maps(proxy)
    return proxy.maps


def live_operators(finisher: Finisher) -> dict[str, Operator]:
    """By the name of its stage: a live operator, for the stages that have one."""
    return _operators(finisher, live_analyses(finisher))


def compiled_operators(finisher: Finisher) -> dict[str, Operator]:
    """By the name of its stage: the exact operator, compiled: the same but for rounding."""
    return _operators(
        finisher, {name: own for name, own in _ANALYSES.items() if _is_basic(finisher, name)}
    )


def _operators(finisher: Finisher, analyses: Mapping[str, Analysis]) -> dict[str, Operator]:
    operators = {name: live for name, live in _OPERATORS.items() if _is_basic(finisher, name)}
    for name, (see, use) in _SEEING.items():
        if _is_basic(finisher, name):
            neutral = finisher.stage(name).neutral()
            operators[name] = Analysed(see, use, neutral)
    for name, analysis in analyses.items():
        neutral = finisher.stage(name).neutral()
        operators[name] = Analysed(_seeing(analysis), analysis.apply, neutral, at_any_size=True)
    return operators


def _seeing(analysis: Analysis) -> See:
    """What the maps of `analysis` are of a picture."""

    def see(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
        grid = analysis.grid(image.shape[-2:])
        return analysis.maps(analysis.features(image, metadata, statistics, grid))

    return see


def _is_basic(finisher: Finisher, name: str) -> bool:
    """Whether the stage of that name is the basic finisher's own."""
    return any(s.name == name and s.exact is basic.BASIC.stage(name).exact for s in finisher)
