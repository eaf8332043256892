"""What a training step minimises: contrast of titles, captions and class names with photos."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

_CLASS_SCALE = 50.0
"""Inverse temperature that class names start with."""

LossName: TypeAlias = Literal["contrastive", "sigmoid"]


def softmax_loss(logits: Tensor, positives: Tensor) -> Tensor:
    """Cross-entropy of each row over its columns, shared evenly by the row's positives.

    With the identity as `positives` it is one direction of CLIP's loss. A row with several positives is the "out" form
    of the supervised contrastive loss (Khosla et al., 2020), so that a true match is never pushed away. Rows without
    a positive say nothing.

    Parameters
    ----------
    logits : Tensor
        float (n, m).
    positives : Tensor
        bool (n, m).
    """
    used = positives.any(dim=1)
    target = positives[used].to(logits.dtype)
    if not len(target):
        return logits.sum() * 0
    return functional.cross_entropy(logits[used], target / target.sum(dim=1, keepdim=True))


def head_loss(logits: Tensor, positives: Tensor) -> Tensor:
    """Minus the logarithm of the probability that each row gives to all of its positives together.

    Unlike in `softmax_loss`, some near positives suffice: what is learnt is that the first ones found are right
    (MIL-NCE, Miech et al., 2020; the "in" form of the supervised contrastive loss). Rows without a positive say
    nothing.

    Parameters
    ----------
    logits : Tensor
        float (n, m).
    positives : Tensor
        bool (n, m).
    """
    used = positives.any(dim=1)
    if not used.any():
        return logits.sum() * 0
    logits = logits[used]
    found = logits.masked_fill(~positives[used], -math.inf).logsumexp(dim=1)
    return (logits.logsumexp(dim=1) - found).mean()


def sigmoid_loss(logits: Tensor, positives: Tensor) -> Tensor:
    """Every pair is a yes or no of its own (SigLIP, Zhai et al., 2023): sum over pairs, divided by the rows."""
    signs = positives.to(logits.dtype) * 2 - 1
    return -functional.logsigmoid(signs * logits).sum() / len(logits)


def relational_loss(vectors: Tensor, others: Tensor, teacher: Tensor, scale: Tensor) -> Tensor:
    """KL divergence between a teacher's and our distribution over a batch's candidates.

    Only similarities are compared, so that the teacher's vectors may have any length (relational distillation;
    for text and photo as in TinyCLIP's affinity mimicking, Wu et al., 2023).

    Parameters
    ----------
    vectors, others : Tensor
        float (n, d): queries and candidates.
    teacher : Tensor
        float (n, n): the teacher's logits of the same pairs; -inf leaves a pair out.
    scale : Tensor
        Inverse temperature of our similarities.
    """
    ours = (scale * vectors @ others.T).masked_fill(teacher == -math.inf, -1e4)
    target = teacher.softmax(dim=1)
    return functional.kl_div(ours.log_softmax(dim=1), target, reduction="batchmean")


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
    true = torch.ones(len(constraints), len(labels), dtype=torch.bool, device=labels.device)
    for kind in range(constraints.shape[1]):
        naming = (constraints[:, kind] != -1).nonzero().flatten()
        true[naming] &= constraints[naming, kind, None] == labels[None, :, kind]
    return true


@dataclass(frozen=True, slots=True)
class Targets:
    """What is known of a batch.

    Parameters
    ----------
    keys : Tensor
        int (n,): equal where titles are equal.
    labels : Tensor
        int (n, kinds): labels of the photos, -2 where unknown.
    constraints : Tensor
        int (n, kinds): what each caption names, -1 where it names nothing. A caption that names nothing at all is
        the product's title.
    class_kinds, class_labels : Tensor
        int (c,): the kind and the label that each class name is of.
    """

    keys: Tensor
    labels: Tensor
    constraints: Tensor
    class_kinds: Tensor
    class_labels: Tensor

    def to(self, device: torch.device) -> Targets:
        """The same on a device."""
        return Targets(
            *(
                value.to(device)
                for value in (self.keys, self.labels, self.constraints, self.class_kinds, self.class_labels)
            )
        )


@dataclass(frozen=True, slots=True)
class Vectors:
    """Unit vectors of a batch, float (n, d): photos, their titles, their captions; and of the class names (c, d)."""

    photos: Tensor
    titles: Tensor
    captions: Tensor
    classes: Tensor


class Objective(nn.Module):
    """Sum of the losses.

    Parameters
    ----------
    loss : "contrastive" or "sigmoid"
    captions, classes : float
        Weights of the loss between attribute captions and photos, and of the supervised loss between class names and
        photos; 0 leaves one out.
    """

    def __init__(self, loss: LossName, *, captions: float, classes: float) -> None:
        super().__init__()
        self._loss, self._captions, self._classes = loss, captions, classes
        # One temperature cannot serve a title with a single match and a colour with a thousand.
        self.log_class_scale = nn.Parameter(torch.tensor(math.log(_CLASS_SCALE)), requires_grad=classes > 0)
        self._locked: tuple[Tensor, Tensor, Tensor] | None = None

    def lock(self, photos: Tensor, keys: Tensor, labels: Tensor) -> None:
        """Take all photos there are as further candidates of every step.

        Parameters
        ----------
        photos : Tensor
            float (m, d): vectors that will not change any more.
        keys, labels : Tensor
            int (m,) and (m, kinds), as in `Targets`.
        """
        self._locked = photos, keys.to(photos.device), labels.to(photos.device)

    def forward(self, vectors: Vectors, targets: Targets, scale: Tensor, bias: Tensor) -> dict[str, Tensor]:
        """Losses by name; their sum is what to minimise."""
        photos, keys, labels = vectors.photos, targets.keys, targets.labels
        if self._locked is not None:
            photos, keys, labels = (
                torch.cat(pair) for pair in zip((photos, keys, labels), self._locked, strict=True)
            )
        pictured = targets.keys[:, None] == keys[None, :]
        named = (targets.constraints != -1).any(dim=1, keepdim=True)
        true = (caption_positives(targets.constraints, labels) & named) | (pictured & ~named)
        n = len(vectors.photos)
        true[:, :n] |= torch.eye(n, dtype=torch.bool, device=true.device)
        losses = {"title": self._both(vectors.titles, photos, pictured, scale, bias)}
        if self._captions:
            losses["caption"] = self._captions * self._both(vectors.captions, photos, true, scale, bias)
        if self._classes and len(vectors.classes):
            losses["class"] = self._classes * self._class_loss(vectors, targets, photos, labels, bias)
        return losses

    def _both(self, texts: Tensor, photos: Tensor, positives: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
        """Texts → photos among all candidates, and the batch's own photos, which come first, → texts."""
        logits, n = scale * texts @ photos.T, len(texts)
        there = self._direction(logits, positives, bias)
        back = self._direction(logits[:, :n].T, positives[:, :n].T, bias)
        return (there + back) / 2

    def _direction(self, logits: Tensor, positives: Tensor, bias: Tensor) -> Tensor:
        if self._loss == "sigmoid":
            return sigmoid_loss(logits + bias, positives)
        return softmax_loss(logits, positives)

    def _class_loss(
        self, vectors: Vectors, targets: Targets, photos: Tensor, labels: Tensor, bias: Tensor
    ) -> Tensor:
        """Class name → its photos among all candidates, and photo → its class among those of the same kind.

        All photos of a class shall be near its name, and above all the nearest shall be right.
        """
        scale = self.log_class_scale.clamp(max=math.log(100)).exp()
        positives = targets.class_labels[:, None] == labels[:, targets.class_kinds].T
        logits = scale * vectors.classes @ photos.T
        there = self._direction(logits, positives, bias)
        if self._loss == "sigmoid":
            return there
        there = (there + head_loss(logits, positives)) / 2
        own = logits[:, : len(vectors.photos)].T
        back = []
        for kind in set(targets.class_kinds.tolist()):
            chosen = targets.class_kinds == kind
            back.append(softmax_loss(own[:, chosen], positives[chosen, : len(own)].T))
        return (there + torch.stack(back).mean()) / 2
