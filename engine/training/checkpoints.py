"""Checkpoints: an interrupted training as one safetensors file, its bookkeeping as JSON inside."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as tensors_as_bytes
from torch import Tensor, nn, tensor
from torch.optim import Optimizer

from engine.errors import PhotofinishError
from engine.files import make_folder, write_bytes
from engine.stage import Stage

SMOOTHING = 0.98
"""How much of the running loss a step keeps."""


@dataclass
class Run:
    """How far a training has come: `best` weights on photos apart, and their dB."""

    step: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    best_db: float = float("-inf")
    best: dict[str, Tensor] = field(default_factory=dict)

    def moved(self, loss: float, seconds: float) -> None:
        """Count a step."""
        keep = min(SMOOTHING, self.step / (self.step + 1.0))
        self.loss = keep * self.loss + (1.0 - keep) * loss
        self.step += 1
        self.seconds += seconds

    def judged(self, proxy: nn.Module, db: float) -> None:
        """Keep the weights where none did better."""
        if db > self.best_db:
            self.best_db = db
            self.best = {name: t.detach().clone() for name, t in proxy.state_dict().items()}

    def __str__(self) -> str:
        db = f", {self.best_db:.2f} dB" if self.best else ""
        return f"step {self.step}, loss {self.loss:.5f}{db}"


@dataclass(frozen=True)
class Started:
    """What a checkpoint belongs to, and where it lies."""

    path: Path
    finisher: str
    stage: str
    seed: int


def path_of(out: Path, finisher: str, stage: Stage) -> Path:
    """Where the training of a stage, whose weights go to `out`, is kept until all are done."""
    return out / "checkpoints" / f"{finisher}_{stage.name}.safetensors"


def write(started: Started, run: Run, proxy: nn.Module, optimizer: Optimizer) -> None:
    """Keep weights, the optimizer's moments and the count. Raises PhotofinishError."""
    tensors = {f"weights/{name}": t for name, t in proxy.state_dict().items()}
    tensors |= {f"best/{name}": t for name, t in run.best.items()}
    for name, parameter in proxy.named_parameters():
        if parameter in optimizer.state:
            moments = optimizer.state[parameter]
            tensors |= {f"{kind}/{name}": moments[kind] for kind in ("exp_avg", "exp_avg_sq")}
    said = {
        **{name: getattr(started, name) for name in ("finisher", "stage", "seed")},
        **{name: getattr(run, name) for name in ("step", "seconds", "loss")},
        "best_db": run.best_db if run.best else None,
    }
    content = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    make_folder(started.path.parent)
    write_bytes(started.path, tensors_as_bytes(content, {"run": json.dumps(said)}))


def read(started: Started, proxy: nn.Module, optimizer: Optimizer) -> Run:
    """Put weights and moments back. Raises PhotofinishError where the checkpoint does not fit."""
    damaged = PhotofinishError(f"{started.path} is damaged; without --resume the run starts anew.")
    try:
        content = started.path.read_bytes()
        tensors = load_tensors(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        said = json.loads(header["__metadata__"]["run"])
        if any(said[name] != getattr(started, name) for name in ("finisher", "stage", "seed")):
            raise PhotofinishError(
                f"{started.path} is of seed {said['seed']} and the stage {said['stage']}."
            )
        device = next(proxy.parameters()).device
        proxy.load_state_dict(_part(tensors, "weights"))
        first, second = _part(tensors, "exp_avg"), _part(tensors, "exp_avg_sq")
        for name, parameter in proxy.named_parameters():
            if name in first:
                optimizer.state[parameter] = {
                    "step": tensor(float(said["step"])),
                    "exp_avg": first[name].to(device),
                    "exp_avg_sq": second[name].to(device),
                }
        best = {name: t.to(device) for name, t in _part(tensors, "best").items()}
        db = float(said["best_db"]) if best else float("-inf")
        return Run(int(said["step"]), float(said["seconds"]), float(said["loss"]), db, best)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise damaged from error


def remove(out: Path, finisher: str, stages: Sequence[Stage]) -> None:
    """Throw away what is needed no more."""
    for stage in stages:
        path_of(out, finisher, stage).unlink(missing_ok=True)
    with suppress(OSError):
        (out / "checkpoints").rmdir()


def _part(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(f"{part}/"): t
        for name, t in tensors.items()
        if name.startswith(f"{part}/")
    }
