"""Losses between photos and captions."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def contrastive_loss(photos: Tensor, texts: Tensor, positives: Tensor, scale: Tensor) -> Tensor:
    """Symmetric contrastive loss with several positives for each row.

    With the identity as `positives` it is CLIP's loss. Captions such as "red dress" describe several photos of a
    batch; these share the target evenly (the supervised contrastive loss of Khosla et al., 2020, "out" form),
    so that a true match is never pushed away.

    Parameters
    ----------
    photos, texts : Tensor
        Unit vectors, float (n, d) and (m, d).
    positives : Tensor
        bool (m, n): caption i is true of photo j. Each row and each column used has at least one.
    scale : Tensor
        Inverse temperature.
    """
    logits = scale * texts @ photos.T
    target = positives.to(logits.dtype)
    by_text = functional.cross_entropy(logits, target / target.sum(dim=1, keepdim=True))
    by_photo = functional.cross_entropy(logits.T, target.T / target.T.sum(dim=1, keepdim=True).clamp(min=1))
    return (by_text + by_photo) / 2


def caption_positives(constraints: Tensor, labels: Tensor) -> Tensor:
    """Which captions are true of which photos.

    Parameters
    ----------
    constraints : Tensor
        int (m, kinds): the label that a caption names for each kind, -1 where it names none.
    labels : Tensor
        int (n, kinds): the labels of the photos, -2 where unknown.

    Returns
    -------
    Tensor
        bool (m, n).
    """
    named = constraints[:, None, :]
    return ((named == -1) | (named == labels[None, :, :])).all(dim=-1)


def same_text(keys: Tensor) -> Tensor:
    """Which titles are equal: bool (n, n) from int (n,) keys of the titles."""
    return torch.eq(keys[:, None], keys[None, :])
