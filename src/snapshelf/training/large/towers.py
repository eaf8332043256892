"""Large models as trainable towers: full fine-tuning or LoRA adapters."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from snapshelf.encoders import Tokeniser, preprocess_photo
from snapshelf.errors import TrainingError
from snapshelf.training.large.checkpoint import Checkpoint, read_json
from snapshelf.training.large.libraries import library
from snapshelf.training.large.open_clip import load_open_clip
from snapshelf.training.large.transformers import load_transformers
from snapshelf.training.model import Towers

_ADAPTER = "adapter_config.json"
_ADAPTER_WEIGHTS = "adapter_model.safetensors"
_PREFIX = "tenant-"


def load_large(folder: Path) -> LargeTowers:
    """Load the checkpoint of a large model, or a tenant's adapter with its base checkpoint.

    Parameters
    ----------
    folder : Path
        As Transformers writes it (``config.json``), as OpenCLIP does (``open_clip_config.json``), or written by
        `LargeTowers.save_adapter`.

    Raises
    ------
    TrainingError
        The folder is none of these, a file is missing or incomplete, or the model is not supported.
    MissingExtraError
        The library that wrote it is not installed.
    """
    if (folder / _ADAPTER).is_file():
        base = Path(str(read_json(folder / _ADAPTER).get("base_model_name_or_path")))
        if not base.is_dir():
            raise TrainingError(
                f"{folder}: an adapter of {base}, which is not there; put the checkpoint back or correct "
                f"base_model_name_or_path in {_ADAPTER}"
            )
        return load_large(base).load_adapter(folder, folder.name)
    # Marqo's checkpoints have both files; their config.json is for custom code.
    if (folder / "open_clip_config.json").is_file():
        return LargeTowers(load_open_clip(folder))
    if (folder / "config.json").is_file():
        return LargeTowers(load_transformers(folder))
    raise TrainingError(
        f"{folder}: not a checkpoint that can be read; config.json of Transformers, open_clip_config.json of OpenCLIP "
        f"or {_ADAPTER} of an adapter is expected"
    )


class LargeTowers(Towers):
    """The towers of a large vision-language model.

    Parameters
    ----------
    checkpoint : Checkpoint

    Notes
    -----
    Adapters are LoRA (Hu et al., 2021) through `peft`: each linear layer's weight W becomes W + BA, with low-rank B and
    A. Every tenant has its own adapter over the same frozen weights; a single adapter is active at a time. In PyTorch's
    own attention (OpenCLIP's towers), `peft` adds BA before each call and subtracts it afterwards, which rounds the
    frozen weights in their last digit.
    """

    _mean: Tensor
    _std: Tensor

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.checkpoint = replace(checkpoint, model=nn.Identity())
        self.model: Any = checkpoint.model
        self._lora_targets = _lora_targets(checkpoint.model)
        self.image_size, self.dimension = checkpoint.preprocessing.size, checkpoint.dimension
        self._tokeniser = Tokeniser(checkpoint.tokenizer.to_str(), checkpoint.tokenisation)
        for name in ("mean", "std"):
            values = torch.tensor(getattr(checkpoint.preprocessing, name)).view(1, 3, 1, 1)
            self.register_buffer(f"_{name}", values, persistent=False)
        self._adopt_parameter("log_scale", "logit_scale")
        self._adopt_parameter("offset", "logit_bias")

    def _adopt_parameter(self, ours: str, theirs: str) -> None:
        """Copy the checkpoint's temperature or bias into the parameter that `Towers` trains."""
        value = getattr(self.model, theirs, None)
        if value is not None:
            getattr(self, ours).data.fill_(value.item())
            value.requires_grad_(False)

    def preprocess(self, photo: Image.Image) -> NDArray[np.uint8]:
        """RGB photo → uint8 (s, s, 3), as by the model's own processor."""
        return preprocess_photo(photo, self.checkpoint.preprocessing)

    def tokenise(self, texts: Sequence[str]) -> Tensor:
        """Texts → int64 (n, t), padded as the model expects."""
        rows = [self._tokeniser(text) for text in texts]
        tokens = torch.full((len(rows), max(map(len, rows))), self.checkpoint.tokenisation.pad_id)
        for row, ids in zip(tokens, rows, strict=True):
            row[: len(ids)] = torch.from_numpy(ids)
        return tokens

    def encode_photos(self, pixels: Tensor, keep: int | None = None) -> Tensor:  # noqa: ARG002
        """Float pixels (n, 3, s, s) in [0, 1] → unit vectors (n, d); `keep` is ignored."""
        vectors = self.checkpoint.encode_photos(self._base(), (pixels - self._mean) / self._std)
        return functional.normalize(vectors, dim=-1)

    def encode_texts(self, tokens: Tensor) -> Tensor:
        """Token ids (n, t) → unit vectors (n, d)."""
        return functional.normalize(self.checkpoint.encode_texts(self._base(), tokens), dim=-1)

    def belongs_to_photo_tower(self, parameter: str) -> bool:
        """Whether a parameter has the photo tower's learning rate."""
        return ".vis" in parameter  # .vision_model, .visual_projection, .visual

    def train(self, mode: bool = True) -> Self:
        """Set the training mode; with adapters, batch norms stay in evaluation mode: they are the base's."""
        super().train(mode)
        if self.tenants:
            for module in self.model.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self

    def _base(self) -> Any:
        return self.model.get_base_model() if self.tenants else self.model

    @property
    def tenants(self) -> tuple[str, ...]:
        """Tenants with an adapter."""
        names = getattr(self.model, "peft_config", ())
        return tuple(name.removeprefix(_PREFIX) for name in names)

    def with_lora(self, rank: int, tenant: str = "default") -> Self:
        """Add a new adapter for a tenant, initially without effect, and activate it; only the adapter is trainable.

        Parameters
        ----------
        rank : int
            Rank of the adapter's matrices, usually 8 to 32.
        tenant : str

        Raises
        ------
        TrainingError
            The rank is below 1, or the tenant has an adapter already.
        """
        if rank < 1:
            raise TrainingError(f"an adapter of rank {rank}: give at least 1")
        if tenant in self.tenants:
            raise TrainingError(f"{tenant} has an adapter already; use_tenant takes it up")
        peft = library("peft")
        config = peft.LoraConfig(
            r=rank,
            lora_alpha=2 * rank,
            target_modules=self._lora_targets,
        )
        name = _name(tenant)
        with _without_future_warnings(), torch.random.fork_rng():
            # A fixed seed for the initial weights, so that a stopped run can be resumed.
            torch.manual_seed(rank)
            if self.tenants:
                self.model.add_adapter(name, config)
            else:
                self.model = peft.get_peft_model(self.model, config, adapter_name=name)
        return self.use_tenant(tenant)

    def use_tenant(self, tenant: str) -> Self:
        """Activate a tenant's adapter; only the adapter is trainable.

        Raises
        ------
        TrainingError
            The tenant has no adapter.
        """
        self.model.set_adapter(self._adapter_of(tenant))
        self.log_scale.requires_grad_(False)
        self.offset.requires_grad_(False)
        return self

    def save_adapter(self, folder: Path, tenant: str | None = None) -> None:
        """Write a tenant's adapter in the format of `peft`, without the base's weights.

        Parameters
        ----------
        folder : Path
        tenant : str or None
            By default the active adapter's.

        Raises
        ------
        TrainingError
            The tenant has no adapter.
        """
        name = self._active() if tenant is None else self._adapter_of(tenant)
        folder.mkdir(parents=True, exist_ok=True)
        weights = library("peft").get_peft_model_state_dict(self.model, adapter_name=name)
        save_file({key: value.contiguous() for key, value in weights.items()}, folder / _ADAPTER_WEIGHTS)
        config = copy.copy(self.model.peft_config[name])
        config.base_model_name_or_path = str(self.checkpoint.folder.resolve())
        config.inference_mode = True
        config.save_pretrained(folder)

    def load_adapter(self, folder: Path, tenant: str) -> Self:
        """Read a tenant's adapter and activate it.

        Raises
        ------
        TrainingError
            The folder holds no adapter, or that of another model.
        """
        peft, name = library("peft"), _name(tenant)
        try:
            with _without_future_warnings():
                if self.tenants:
                    self.model.load_adapter(str(folder), adapter_name=name, is_trainable=True)
                else:
                    self.model = peft.PeftModel.from_pretrained(
                        self.model, str(folder), adapter_name=name, is_trainable=True
                    )
        except Exception as error:  # peft, safetensors and PyTorch raise their own kinds
            raise TrainingError(f"{folder}: not an adapter of this model: {error}") from error
        return self.use_tenant(tenant)

    def merged(self) -> LargeTowers:
        """Return towers with the active adapter merged into a copy of the weights."""
        if not self.tenants:
            return self
        # A copy: merging and unmerging in place would leave rounding errors in the base.
        model = copy.deepcopy(self.model).merge_and_unload(adapter_names=[self._active()])
        return self.with_model(model.requires_grad_(True))

    def with_model(self, model: nn.Module) -> LargeTowers:
        """Return towers with another model of the same architecture, and the same preprocessing and temperature."""
        towers = LargeTowers(replace(self.checkpoint, model=model))
        towers.log_scale.data.copy_(self.log_scale)
        towers.offset.data.copy_(self.offset)
        return towers.train(self.training)

    def _adapter_of(self, tenant: str) -> str:
        if tenant not in self.tenants:
            raise TrainingError(f"{tenant} has no adapter; there are {', '.join(self.tenants) or 'none'}")
        return _name(tenant)

    def _active(self) -> str:
        if not self.tenants:
            raise TrainingError("there is no adapter; with_lora makes one")
        return str(self.model.active_adapter)


def _name(tenant: str) -> str:
    """Return the name of a tenant's adapter; the prefix keeps "lora_" out, which peft searches in weights' names."""
    if not re.fullmatch(r"[\w-]+", tenant):
        raise TrainingError(f"{tenant!r} cannot name an adapter; use letters, digits, - and _")
    return f"{_PREFIX}{tenant}"


@contextmanager
def _without_future_warnings() -> Iterator[None]:
    """Ignore `FutureWarning`: peft and Transformers warn of each other's next versions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _lora_targets(model: nn.Module) -> list[str]:
    """Return the names of LoRA's target modules: linear layers, and PyTorch's attention as a whole.

    The attention reads the weights of its linear layers without calling them, so adapters of these would have no
    effect. The text projection is excluded, because OpenCLIP checks its class before it calls it.
    """
    modules = dict(model.named_modules())
    within = tuple(
        f"{name}." for name, module in modules.items() if isinstance(module, nn.MultiheadAttention)
    )
    return [
        name
        for name, module in modules.items()
        if isinstance(module, nn.Linear | nn.MultiheadAttention)
        and not name.startswith(within)
        and not name.endswith("text_projection")
    ]
