"""Two-tower model: a ViT-Tiny for photos and a small transformer for texts, with a common vector space."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from snapshelf.encoders import stretch_to_square
from snapshelf.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Architecture:
    """Hyperparameters of the two towers.

    Parameters
    ----------
    vocabulary : int
        Number of tokens.
    dimension : int
        Dimension of the vectors.
    image_size, patch_size : int
        Side of the square input and of one patch, in pixels.
    image_width, image_depth, image_heads : int
        The photo tower; 192, 12 and 3 are those of ViT-Tiny.
    text_width, text_depth, text_heads, text_length : int
        The text tower; `text_length` is the longest text in tokens.
    """

    vocabulary: int
    dimension: int = 256
    image_size: int = 112
    patch_size: int = 16
    image_width: int = 192
    image_depth: int = 12
    image_heads: int = 3
    text_width: int = 192
    text_depth: int = 3
    text_heads: int = 3
    text_length: int = 40

    def to_json(self) -> dict[str, int]:
        """Return plain values, for a checkpoint or a model card."""
        return asdict(self)


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        out = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        projected: Tensor = self.proj(out.transpose(1, 2).reshape(batch, length, width))
        return projected


class _Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return out


class _Block(nn.Module):
    """Pre-norm transformer block; parameter names are those of `timm`, so that its weights load directly."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = _Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = _Mlp(width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.attn(self.norm1(x), mask)
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


class _PatchEmbed(nn.Module):
    def __init__(self, patch: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.proj(x).flatten(2).transpose(1, 2)
        return out


class PhotoTower(nn.Module):
    """ViT over float photos (n, 3, s, s) in [-1, 1] → unit vectors (n, d)."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        width = shape.image_width
        self.patches = (shape.image_size // shape.patch_size) ** 2
        self.patch_embed = _PatchEmbed(shape.patch_size, width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, self.patches + 1, width) * 0.02)
        self.blocks = nn.ModuleList(_Block(width, shape.image_heads) for _ in range(shape.image_depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.to_common = nn.Linear(2 * width, shape.dimension, bias=False)

    def forward(self, photos: Tensor, keep: int | None = None) -> Tensor:
        """Encode; with `keep`, only that many patches of each photo (training only).

        Patch dropping as in FLIP (Li et al., 2023) makes steps faster and is an augmentation. Flat patches
        (background) are dropped with higher probability.
        """
        x = self.features(photos, keep)
        return functional.normalize(
            self.to_common(torch.cat([x[:, 0], x[:, 1:].mean(dim=1)], dim=-1)), dim=-1
        )

    def features(self, photos: Tensor, keep: int | None = None) -> Tensor:
        """Return the normalised output of the last block for class token and patches: float (n, 1 + patches, width)."""
        x = self.patch_embed(photos) + self.pos_embed[:, 1:]
        if keep is not None and keep < self.patches:
            x = x.gather(
                1, _informative_patches(photos, self.patches, keep).unsqueeze(-1).expand(-1, -1, x.shape[-1])
            )
        x = torch.cat([(self.cls_token + self.pos_embed[:, :1]).expand(x.shape[0], -1, -1), x], dim=1)
        for block in self.blocks:
            x = block(x)
        normed: Tensor = self.norm(x)
        return normed

    def load_timm(self, weights: dict[str, Tensor]) -> None:
        """Load the weights of `timm`'s ``vit_tiny_patch16_224``; position embeddings are interpolated.

        Raises
        ------
        TrainingError
            The weights are of another architecture.
        """
        state = {name: value.float() for name, value in weights.items() if not name.startswith("head.")}
        pretrained = state["pos_embed"]
        side, new_side = math.isqrt(pretrained.shape[1] - 1), math.isqrt(self.patches)
        grid = pretrained[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
        grid = functional.interpolate(grid, size=(new_side, new_side), mode="bicubic", antialias=True)
        state["pos_embed"] = torch.cat(
            [pretrained[:, :1], grid.permute(0, 2, 3, 1).reshape(1, self.patches, -1)], dim=1
        )
        missing = self.load_state_dict(state, strict=False)
        if missing.unexpected_keys or missing.missing_keys != ["to_common.weight"]:
            raise TrainingError(
                f"the starting weights are not those of vit_tiny_patch16_224: {missing.unexpected_keys[:3]} are "
                f"unknown, {missing.missing_keys[:3]} are missing"
            )


def _informative_patches(photos: Tensor, patches: int, keep: int) -> Tensor:
    """Sample indices (n, keep) of patches; flat patches have a lower probability."""
    side = photos.shape[-1] // math.isqrt(patches)
    grey = photos.mean(dim=1, keepdim=True)
    mean = functional.avg_pool2d(grey, side)
    variance = (functional.avg_pool2d(grey * grey, side) - mean * mean).flatten(1)
    return (torch.rand_like(variance) + 0.5 * (variance > 1e-3)).topk(keep, dim=1).indices


class TextTower(nn.Module):
    """Transformer over token ids (n, t), 0 being padding, → unit vectors (n, d)."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        width = shape.text_width
        self.embed = nn.Embedding(shape.vocabulary, width)
        nn.init.normal_(self.embed.weight, std=0.05)
        self.pos_embed = nn.Parameter(torch.randn(1, shape.text_length, width) * 0.01)
        self.blocks = nn.ModuleList(_Block(width, shape.text_heads) for _ in range(shape.text_depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.to_common = nn.Linear(width, shape.dimension, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Encode int64 (n, t), with t up to `Architecture.text_length`."""
        is_token = tokens != 0
        x = self.embed(tokens) + self.pos_embed[:, : tokens.shape[1]]
        mask = is_token[:, None, None, :]
        for block in self.blocks:
            x = block(x, mask)
        weight = is_token.unsqueeze(-1).to(x.dtype)
        pooled = (self.norm(x) * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)
        return functional.normalize(self.to_common(pooled), dim=-1)


_TEXT_BATCH = 64


class Towers(nn.Module, ABC):
    """Interface of a model for training: a photo tower and a text tower with a common vector space.

    Attributes
    ----------
    image_size : int
        Side of the photo tower's square input, in pixels.
    dimension : int
        Dimension of the vectors.
    log_scale, offset : Parameter
        Logarithm of the inverse temperature, and the sigmoid loss's bias.
    """

    image_size: int
    dimension: int

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.offset = nn.Parameter(torch.tensor(-10.0))

    @abstractmethod
    def preprocess(self, photo: Image.Image) -> NDArray[np.uint8]:
        """RGB photo → uint8 (s, s, 3)."""

    @abstractmethod
    def tokenise(self, texts: Sequence[str]) -> Tensor:
        """Texts → int64 (n, t), padded."""

    @abstractmethod
    def encode_photos(self, pixels: Tensor, keep: int | None = None) -> Tensor:
        """Float pixels (n, 3, s, s) in [0, 1] → unit vectors (n, d).

        With `keep`, only that many patches of each photo (FLIP, Li et al., 2023); a model without patches
        ignores it.
        """

    @abstractmethod
    def encode_texts(self, tokens: Tensor) -> Tensor:
        """Token ids (n, t) → unit vectors (n, d)."""

    def scale(self) -> Tensor:
        """Return the inverse temperature, at most 100 (as in CLIP, Radford et al., 2021)."""
        return self.log_scale.clamp(max=math.log(100)).exp()

    def bias(self) -> Tensor:
        """Return the sigmoid loss's bias (Zhai et al., 2023)."""
        return self.offset

    def parameter_groups(
        self, photo_rate: float, text_rate: float, weight_decay: float
    ) -> list[dict[str, Any]]:
        """Return AdamW's parameter groups: a rate for each tower; no decay for biases, norms and embeddings."""
        groups: dict[tuple[float, float], list[Tensor]] = {}
        for name, parameter in self.named_parameters():
            if not parameter.requires_grad:
                continue
            rate = photo_rate if self.belongs_to_photo_tower(name) else text_rate
            decay = weight_decay if parameter.ndim == 2 and "embed" not in name else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
        return [
            {"params": members, "lr": rate, "weight_decay": decay}
            for (rate, decay), members in groups.items()
        ]

    @abstractmethod
    def belongs_to_photo_tower(self, parameter: str) -> bool:
        """Whether a parameter has the photo tower's learning rate."""

    def affects_photo_vectors(self, parameter: str) -> bool:
        """Whether the vectors of photos depend on a parameter."""
        return self.belongs_to_photo_tower(parameter)


class TwoTowers(Towers):
    """The bundled architecture: ViT-Tiny and a small bilingual transformer."""

    def __init__(self, shape: Architecture, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.shape = shape
        self.tokenizer = tokenizer
        self.image_size, self.dimension = shape.image_size, shape.dimension
        self.photo = PhotoTower(shape)
        self.text = TextTower(shape)

    def preprocess(self, photo: Image.Image) -> NDArray[np.uint8]:
        """Stretch the photo to the square."""
        return stretch_to_square(photo, self.image_size)

    def tokenise(self, texts: Sequence[str]) -> Tensor:
        """Return int64 (n, longest text), padded with 0."""
        encoded = [
            encoding.ids for encoding in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ]
        longest = max(1, *(len(ids) for ids in encoded))
        return torch.tensor([ids + [0] * (longest - len(ids)) for ids in encoded], dtype=torch.int64)

    def encode_photos(self, pixels: Tensor, keep: int | None = None) -> Tensor:
        """Encode with the photo tower."""
        vectors: Tensor = self.photo(pixels * 2 - 1, keep)
        return vectors

    def encode_texts(self, tokens: Tensor) -> Tensor:
        """Encode with the text tower."""
        if tokens.device.type != "cpu" or len(tokens) < 2 * _TEXT_BATCH:
            vectors: Tensor = self.text(tokens)
            return vectors
        # Batches of texts of similar length: on a CPU, padding costs as much as tokens.
        lengths = (tokens != 0).sum(dim=1)
        order = lengths.argsort(stable=True)
        parts = [
            self.text(tokens[part, : max(1, int(lengths[part[-1]]))])
            for part in torch.split(order, _TEXT_BATCH)
        ]
        return torch.cat(parts)[order.argsort()]

    def belongs_to_photo_tower(self, parameter: str) -> bool:
        """Whether it belongs to the pretrained part: the photo tower without its projection."""
        return self.affects_photo_vectors(parameter) and "to_common" not in parameter

    def affects_photo_vectors(self, parameter: str) -> bool:
        """Whether it belongs to the photo tower, projection included."""
        return parameter.startswith("photo.")
