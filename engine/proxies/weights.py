"""Weights of proxies: a safetensors file per stage and one manifest that says what each is.

Nothing is loaded that the manifest does not vouch for: a file that is damaged, foreign or of
another stage is refused with a sentence, and the stage runs exactly. Nothing is ever unpickled.
"""

import hashlib
import inspect
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as tensors_as_bytes
from torch import Tensor, nn

from engine import __version__
from engine.errors import PhotofinishError
from engine.files import make_folder, reason, write_bytes
from engine.finisher import Finisher
from engine.proxies.areawise import BaseProxy, Cascade, LocalLaplacianProxy
from engine.proxies.pointwise import PointwiseProxy
from engine.stage import Stage

MANIFEST = "manifest.json"
LARGEST_NUMBER = 4096
"""No width or depth of a network is larger: what a manifest asks for must stay affordable."""

ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {
    "pointwise": PointwiseProxy,
    "base": BaseProxy,
    "local_laplacian": LocalLaplacianProxy,
    "cascade": Cascade,
}
"""By the name in the manifest: called with a stage and the architecture's numbers."""


def save(
    proxy: nn.Module,
    stage: Stage,
    folder: Path,
    *,
    finisher: str,
    about: Mapping[str, object],
) -> Path:
    """Write the weights of `proxy` and enter them in the manifest of `folder`; return their file.

    `about` says in the manifest what the proxy was trained on, how, and how well it does.
    """
    path = folder / f"{finisher}_{stage.name}.safetensors"
    architecture = _architecture(proxy)
    tensors = {
        name: tensor.detach().cpu().float().contiguous()
        for name, tensor in proxy.state_dict().items()
    }
    said = {"finisher": finisher, "stage": stage.name, "architecture": architecture}
    content = tensors_as_bytes(tensors, said)
    make_folder(folder)
    entries = {}
    with suppress(PhotofinishError):
        entries = _entries(folder)
    entries[_key(finisher, stage)] = {
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "architecture": architecture,
        "numbers": _numbers(proxy),
        "weights": sum(tensor.numel() for tensor in tensors.values()),
        "code": code_of(stage),
        **about,
    }
    write_bytes(path, content)
    manifest = {"proxies": dict(sorted(entries.items()))}
    write_bytes(folder / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
    return path


def load(stage: Stage, folder: Path, *, finisher: str = "basic") -> nn.Module:
    """The proxy of `stage` in `folder`, verified, for use only.

    Raises PhotofinishError with the one sentence that says why a file is refused.
    """
    entry = _entries(folder).get(_key(finisher, stage))
    if entry is None:
        raise PhotofinishError(f"There is no proxy of {stage.title} in {folder}.")
    name = entry.get("file")
    if not isinstance(name, str) or Path(name).name != name:
        raise _damaged_manifest(folder)
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise PhotofinishError(f"{name} cannot be read: {reason(error)}.") from error
    if hashlib.sha256(content).hexdigest() != entry.get("sha256"):
        raise PhotofinishError(f"{name} is damaged, or not the file that its manifest lists.")
    said, tensors = _opened(name, content)
    if (said.get("finisher"), said.get("stage")) != (finisher, stage.name):
        raise PhotofinishError(f"{name} holds no proxy of {stage.title}.")
    proxy = _built(stage, entry, name)
    expected = {key: tensor.shape for key, tensor in proxy.state_dict().items()}
    if expected != {key: tensor.shape for key, tensor in tensors.items()}:
        raise PhotofinishError(f"{name} does not fit the network of this version.")
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise PhotofinishError(f"{name} holds weights that are no numbers.")
    proxy.load_state_dict(tensors)
    return proxy.eval().requires_grad_(False)


def shipped(finisher: Finisher) -> dict[str, nn.Module]:
    """The proxies that come with the program, by the name of their stage.

    A refused one is missing here and told once in the log: its stage runs exactly.
    """
    return dict(_shipped(finisher)[0])


def problems(finisher: Finisher) -> tuple[str, ...]:
    """A sentence for each proxy that should have come with the program and was refused."""
    return _shipped(finisher)[1]


def all_in(folder: Path, finisher: Finisher) -> tuple[dict[str, nn.Module], tuple[str, ...]]:
    """The proxies in `folder` by the name of their stage, and why others were refused."""
    if not (folder / MANIFEST).is_file():
        return {}, ()
    proxies: dict[str, nn.Module] = {}
    refused = []
    try:
        listed = _entries(folder)
    except PhotofinishError as error:
        return {}, (f"{error} All stages run exactly instead.",)
    for stage in finisher:
        if _key(finisher.name, stage) in listed:
            try:
                proxies[stage.name] = load(stage, folder, finisher=finisher.name)
            except PhotofinishError as error:
                refused.append(f"{str(error).rstrip('.')}; {stage.title} runs exactly instead.")
    return proxies, tuple(refused)


def shipped_folder() -> Path:
    """Where the proxies that come with the program lie."""
    return Path(str(resources.files("resources"))) / "proxies"


def code_of(stage: Stage) -> str:
    """The version of the program, and a mark that changes with the code of the stage."""
    module = inspect.getmodule(stage.exact)
    source = inspect.getsource(module) if module is not None else ""
    return f"{__version__} {hashlib.sha256(source.encode()).hexdigest()[:8]}"


@lru_cache(maxsize=4)
def _shipped(finisher: Finisher) -> tuple[dict[str, nn.Module], tuple[str, ...]]:
    proxies, refused = all_in(shipped_folder(), finisher)
    for sentence in refused:
        logging.getLogger(__name__).warning(sentence)
    return proxies, refused


def _key(finisher: str, stage: Stage) -> str:
    return f"{finisher}/{stage.name}"


def _entries(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifest of `folder`. Raises PhotofinishError."""
    path = folder / MANIFEST
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise PhotofinishError(f"{path} cannot be read: {reason(error)}.") from error
    except UnicodeDecodeError as error:
        raise _damaged_manifest(folder) from error
    try:
        entries = json.loads(text)["proxies"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged_manifest(folder) from error
    if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
        raise _damaged_manifest(folder)
    return entries


def _damaged_manifest(folder: Path) -> PhotofinishError:
    return PhotofinishError(f"{folder / MANIFEST} is damaged.")


def _opened(name: str, content: bytes) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        tensors = load_tensors(content)
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise PhotofinishError(f"{name} is damaged.") from error
    # the format: the header's length in eight bytes, the header, the tensors
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return header.get("__metadata__", {}), {n: tensor.float() for n, tensor in tensors.items()}


def _built(stage: Stage, entry: Mapping[str, Any], name: str) -> nn.Module:
    """An untrained network of the entry's architecture."""
    build = ARCHITECTURES.get(str(entry.get("architecture")))
    numbers = entry.get("numbers")
    if (
        build is None
        or not isinstance(numbers, dict)
        or not all(isinstance(n, int) and 0 < n <= LARGEST_NUMBER for n in numbers.values())
    ):
        raise PhotofinishError(f"{name} does not fit the network of this version.")
    try:
        return build(stage, **numbers)
    except (TypeError, ValueError, AssertionError, RuntimeError) as error:
        raise PhotofinishError(f"{name} does not fit the network of this version.") from error


def _architecture(proxy: nn.Module) -> str:
    for name, kind in ARCHITECTURES.items():
        if kind is type(proxy):
            return name
    raise TypeError(f"{type(proxy).__name__} is no architecture that can be loaded again")


def _numbers(proxy: nn.Module) -> dict[str, int]:
    """What beside the stage its class was called with."""
    return dict(getattr(proxy, "numbers", {}))
