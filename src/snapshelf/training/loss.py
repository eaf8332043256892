"""Training objective: contrastive losses between titles, captions and class names, and photos."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

_CLASS_SCALE = 50.0
"""Initial inverse temperature of class names."""

LossName: TypeAlias = Literal["contrastive", "sigmoid"]


def contrastive_loss(logits: Tensor, positives: Tensor) -> Tensor:
    """Cross-entropy of each row over its columns, with the target spread evenly over the row's positives.

    With the identity as `positives` it is one direction of CLIP's loss (InfoNCE). With several positives it is the
    "out" form of the supervised contrastive loss (Khosla et al., 2020), so that a true match is never a negative.
    Rows without a positive are ignored.

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


def mil_nce_loss(logits: Tensor, positives: Tensor) -> Tensor:
    """Negative log probability of all of a row's positives together.

    Unlike in `contrastive_loss`, a few near positives suffice, which favours precision at the head of the ranking
    (MIL-NCE, Miech et al., 2020; the "in" form of the supervised contrastive loss). Rows without a positive are
    ignored.

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
    positive = logits.masked_fill(~positives[used], -math.inf).logsumexp(dim=1)
    return (logits.logsumexp(dim=1) - positive).mean()


def sigmoid_loss(logits: Tensor, positives: Tensor) -> Tensor:
    """Binary cross-entropy of every pair (SigLIP, Zhai et al., 2023): summed over pairs, divided by the rows."""
    signs = positives.to(logits.dtype) * 2 - 1
    return -functional.logsigmoid(signs * logits).sum() / len(logits)


def distillation_loss(vectors: Tensor, others: Tensor, teacher: Tensor, scale: Tensor) -> Tensor:
    """KL divergence between the teacher's and the student's distributions over a batch's candidates.

    Only similarities are compared, so that the teacher's vectors may have any dimension (relational knowledge
    distillation; for text and photo as in TinyCLIP's affinity mimicking, Wu et al., 2023).

    Parameters
    ----------
    vectors, others : Tensor
        float (n, d): queries and candidates.
    teacher : Tensor
        float (n, n): the teacher's logits of the same pairs; -inf excludes a pair.
    scale : Tensor
        Inverse temperature of the student's similarities.
    """
    student = (scale * vectors @ others.T).masked_fill(teacher == -math.inf, -1e4)
    target = teacher.softmax(dim=1)
    return functional.kl_div(student.log_softmax(dim=1), target, reduction="batchmean")


def caption_positives(caption_labels: Tensor, labels: Tensor) -> Tensor:
    """Return which captions are true of which photos.

    Parameters
    ----------
    caption_labels : Tensor
        int (m, kinds): the label that a caption names for each kind, -1 where it names none.
    labels : Tensor
        int (n, kinds): the labels of the photos, -2 where unknown.

    Returns
    -------
    Tensor
        bool (m, n).
    """
    true = torch.ones(len(caption_labels), len(labels), dtype=torch.bool, device=labels.device)
    for kind in range(caption_labels.shape[1]):
        naming = (caption_labels[:, kind] != -1).nonzero().flatten()
        true[naming] &= caption_labels[naming, kind, None] == labels[None, :, kind]
    return true


@dataclass(frozen=True, slots=True)
class Targets:
    """Titles and labels of a batch, as numbers.

    Parameters
    ----------
    keys : Tensor
        int (n,): hashes of the titles; examples with the same title are positives of each other.
    labels : Tensor
        int (n, kinds): labels of the photos, -2 where unknown.
    caption_labels : Tensor
        int (n, kinds): the labels that each caption names, -1 where it names none. A caption that names none at all
        is the product's title.
    class_kinds, class_labels : Tensor
        int (c,): kind and label of each class name.
    """

    keys: Tensor
    labels: Tensor
    caption_labels: Tensor
    class_kinds: Tensor
    class_labels: Tensor

    def to(self, device: torch.device) -> Targets:
        """Copy to a device."""
        return Targets(
            *(
                value.to(device)
                for value in (
                    self.keys,
                    self.labels,
                    self.caption_labels,
                    self.class_kinds,
                    self.class_labels,
                )
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
    """The weighted losses of a batch.

    Parameters
    ----------
    loss : "contrastive" or "sigmoid"
    captions, classes : float
        Weights of the loss between attribute captions and photos, and of the supervised loss between class names and
        photos; 0 disables a loss.
    """

    def __init__(self, loss: LossName, *, captions: float, classes: float) -> None:
        super().__init__()
        self._loss, self._captions, self._classes = loss, captions, classes
        # A temperature of its own: a title has a single match, a colour a thousand.
        self.log_class_scale = nn.Parameter(torch.tensor(math.log(_CLASS_SCALE)), requires_grad=classes > 0)
        self._candidates: tuple[Tensor, Tensor, Tensor] | None = None

    def add_candidates(self, photos: Tensor, keys: Tensor, labels: Tensor) -> None:
        """Contrast every batch with these photos, too.

        Parameters
        ----------
        photos : Tensor
            float (m, d): vectors of a frozen photo tower.
        keys, labels : Tensor
            int (m,) and (m, kinds), as in `Targets`.
        """
        self._candidates = photos, keys.to(photos.device), labels.to(photos.device)

    def forward(self, vectors: Vectors, targets: Targets, scale: Tensor, bias: Tensor) -> dict[str, Tensor]:
        """Return the losses by name; their sum is to be minimised."""
        photos, keys, labels = vectors.photos, targets.keys, targets.labels
        if self._candidates is not None:
            photos, keys, labels = (
                torch.cat(pair) for pair in zip((photos, keys, labels), self._candidates, strict=True)
            )
        same_title = targets.keys[:, None] == keys[None, :]
        names_labels = (targets.caption_labels != -1).any(dim=1, keepdim=True)
        true = (caption_positives(targets.caption_labels, labels) & names_labels) | (
            same_title & ~names_labels
        )
        n = len(vectors.photos)
        true[:, :n] |= torch.eye(n, dtype=torch.bool, device=true.device)
        losses = {"title": self._symmetric_loss(vectors.titles, photos, same_title, scale, bias)}
        if self._captions:
            losses["caption"] = self._captions * self._symmetric_loss(
                vectors.captions, photos, true, scale, bias
            )
        if self._classes and len(vectors.classes):
            losses["class"] = self._classes * self._class_loss(vectors, targets, photos, labels, bias)
        return losses

    def _symmetric_loss(
        self, texts: Tensor, photos: Tensor, positives: Tensor, scale: Tensor, bias: Tensor
    ) -> Tensor:
        """Mean of text → photo over all candidates, and photo → text over the batch's own photos, which come first."""
        logits, n = scale * texts @ photos.T, len(texts)
        text_to_photo = self._pairwise_loss(logits, positives, bias)
        photo_to_text = self._pairwise_loss(logits[:, :n].T, positives[:, :n].T, bias)
        return (text_to_photo + photo_to_text) / 2

    def _pairwise_loss(self, logits: Tensor, positives: Tensor, bias: Tensor) -> Tensor:
        if self._loss == "sigmoid":
            return sigmoid_loss(logits + bias, positives)
        return contrastive_loss(logits, positives)

    def _class_loss(
        self, vectors: Vectors, targets: Targets, photos: Tensor, labels: Tensor, bias: Tensor
    ) -> Tensor:
        """Mean of class name → photo over all candidates, and photo → class name over the classes of a kind.

        The contrastive loss draws all photos of a class to its name, MIL-NCE makes the nearest ones right.
        """
        scale = self.log_class_scale.clamp(max=math.log(100)).exp()
        positives = targets.class_labels[:, None] == labels[:, targets.class_kinds].T
        logits = scale * vectors.classes @ photos.T
        class_to_photo = self._pairwise_loss(logits, positives, bias)
        if self._loss == "sigmoid":
            return class_to_photo
        class_to_photo = (class_to_photo + mil_nce_loss(logits, positives)) / 2
        own = logits[:, : len(vectors.photos)].T
        photo_to_class = []
        for kind in set(targets.class_kinds.tolist()):
            chosen = targets.class_kinds == kind
            photo_to_class.append(contrastive_loss(own[:, chosen], positives[chosen, : len(own)].T))
        return (class_to_photo + torch.stack(photo_to_class).mean()) / 2
