"""Batch augmentation: from the studio picture to a shopper's phone photo."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

_BLOCK = 8
# fmt: off
_JPEG_QUANTISATION = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)
# fmt: on
"""Luminance quantisation table at quality 50, row by row (ITU-T T.81, table K.1)."""
_YCC = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
"""RGB → YCbCr (JFIF)."""


def augment(photos: Tensor, *, replaceable: Tensor, generator: torch.Generator) -> Tensor:
    """Return randomly augmented photos.

    Parameters
    ----------
    photos : Tensor
        float (n, 3, s, s) in [0, 1].
    replaceable : Tensor
        bool (n,): the product stands out from a white background, which may be replaced. False for white products.
    generator : torch.Generator
        Of the photos' device.

    Returns
    -------
    Tensor
        float (n, 3, s, s) in [0, 1].
    """

    def some(share: float) -> Tensor:
        return _random(generator, len(photos)) < share

    photos = _replace_background(photos, replaceable & some(0.25), generator)
    photos = _random_affine(photos, some(0.12), generator)
    photos = _jitter_colour(photos, some(0.7), generator)
    photos = _blur(photos, some(0.1))
    photos = _random_erasing(photos, some(0.12), generator)
    return _jpeg_compression(photos, some(0.12), generator)


def _random(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.rand(*shape, generator=generator, device=generator.device)


def _uniform(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return _random(generator, n) * (high - low) + low


def _replace_background(photos: Tensor, chosen: Tensor, generator: torch.Generator) -> Tensor:
    index = chosen.nonzero().flatten()
    if not len(index):
        return photos
    part = photos[index]
    n, _, side, _ = part.shape
    # Smooth coloured noise with grain: enough to learn that a white background carries no meaning.
    coarse = _random(generator, n, 3, 4, 4) * 0.5 + _uniform(n, 0.0, 0.5, generator).view(n, 1, 1, 1)
    scene = functional.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=False)
    grain = torch.randn(n, 1, side, side, generator=generator, device=generator.device)
    scene = scene + grain * _uniform(n, 0, 0.08, generator).view(n, 1, 1, 1)
    background = functional.avg_pool2d((part.amin(dim=1, keepdim=True) > 0.93).float(), 3, 1, 1)
    photos = photos.clone()
    photos[index] = (part * (1 - background) + scene * background).clamp(0, 1)
    return photos


def _random_affine(photos: Tensor, strongly: Tensor, generator: torch.Generator) -> Tensor:
    n = len(photos)
    reach = torch.where(strongly, 25.0, 5.0) * math.pi / 180
    angle = _uniform(n, -1, 1, generator) * reach
    # Below 1 crops the product, above 1 adds a margin.
    usual, strong = _uniform(n, 0.82, 1.12, generator), _uniform(n, 0.6, 1.4, generator)
    zoom = torch.where(strongly, strong, usual)
    aspect = _uniform(n, 0.9, 1.1, generator)
    flip = torch.where(_random(generator, n) < 0.5, -1.0, 1.0)
    shift = _random(generator, n, 2) * 0.16 - 0.08
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    theta = torch.stack(
        [
            torch.stack([flip * cos * aspect, -sin, shift[:, 0]], dim=1),
            torch.stack([flip * sin, cos / aspect, shift[:, 1]], dim=1),
        ],
        dim=1,
    )
    grid = functional.affine_grid(theta, list(photos.shape), align_corners=False)
    return functional.grid_sample(photos, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _jitter_colour(photos: Tensor, chosen: Tensor, generator: torch.Generator) -> Tensor:
    n = len(photos)
    on = chosen.float().view(n, 1, 1, 1)
    contrast = 1 + on * _uniform(n, -0.2, 0.2, generator).view(n, 1, 1, 1)
    brightness = on * _uniform(n, -0.1, 0.1, generator).view(n, 1, 1, 1)
    # A slight cast only: many queries name a colour.
    cast = 1 + on * (_random(generator, n, 3, 1, 1) * 0.08 - 0.04)
    return ((photos - 0.5) * contrast + 0.5 + brightness).mul(cast).clamp(0, 1)


def _blur(photos: Tensor, chosen: Tensor) -> Tensor:
    index = chosen.nonzero().flatten()
    if not len(index):
        return photos
    photos = photos.clone()
    small = functional.avg_pool2d(photos[index], 2)
    photos[index] = functional.interpolate(small, scale_factor=2.0, mode="bilinear", align_corners=False)
    return photos


def _random_erasing(photos: Tensor, chosen: Tensor, generator: torch.Generator) -> Tensor:
    index = chosen.nonzero().flatten()
    if not len(index):
        return photos
    n, side = len(index), photos.shape[-1]
    line = torch.arange(side, device=photos.device) / side
    corner = _random(generator, n, 2)
    size = _random(generator, n, 2) * 0.25 + 0.1
    rows = (line >= corner[:, :1]) & (line < corner[:, :1] + size[:, :1])
    columns = (line >= corner[:, 1:]) & (line < corner[:, 1:] + size[:, 1:])
    box = (rows[:, :, None] & columns[:, None, :]).float().unsqueeze(1)
    photos = photos.clone()
    photos[index] = photos[index] * (1 - box) + _random(generator, n, 3, 1, 1) * box
    return photos


def _jpeg_compression(photos: Tensor, chosen: Tensor, generator: torch.Generator) -> Tensor:
    """Compress the chosen photos; those whose side is no multiple of 8 pixels are returned unchanged."""
    index = chosen.nonzero().flatten()
    if not len(index) or photos.shape[-1] % _BLOCK:
        return photos
    photos = photos.clone()
    photos[index] = jpeg(photos[index], _uniform(len(index), 0.8, 5.0, generator))
    return photos


def jpeg(photos: Tensor, coarseness: Tensor) -> Tensor:
    """Simulate JPEG compression: DCT, quantisation, inverse DCT; luminance and chrominance share a table.

    Parameters
    ----------
    photos : Tensor
        float (n, 3, s, s) in [0, 1], s a multiple of 8.
    coarseness : Tensor
        float (n,): factor of the quantisation table; 1 is quality 50, 0.8 to 5 are qualities of about 60 to 10.

    Returns
    -------
    Tensor
        float (n, 3, s, s) in [0, 1].
    """
    line = torch.arange(_BLOCK, device=photos.device, dtype=photos.dtype)
    cosines = torch.cos((2 * line + 1) * line[:, None] * math.pi / (2 * _BLOCK)) / 2
    cosines[0] /= math.sqrt(2)
    ycc = torch.einsum("ij,njhw->nihw", _YCC.to(photos), photos) * 255
    across = photos.shape[-1] // _BLOCK
    blocks = ycc.view(len(photos), 3, across, _BLOCK, across, _BLOCK).transpose(3, 4)
    table = torch.tensor(_JPEG_QUANTISATION, device=photos.device, dtype=photos.dtype).view(_BLOCK, _BLOCK)
    step = coarseness.view(-1, 1, 1, 1, 1, 1) * table
    quantised = (cosines @ blocks @ cosines.T / step).round() * step
    restored = (cosines.T @ quantised @ cosines).transpose(3, 4).flatten(4, 5).flatten(2, 3) / 255
    return torch.einsum("ij,njhw->nihw", torch.linalg.inv(_YCC).to(photos), restored).clamp(0, 1)
