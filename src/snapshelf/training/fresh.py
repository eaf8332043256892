"""Initialise towers: a tokeniser trained on the products, random weights or a pretrained photo tower."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from safetensors.torch import load_file

from snapshelf.errors import TrainingError
from snapshelf.language import Lexicon
from snapshelf.training.captions import Annotation, Captioner
from snapshelf.training.model import Architecture, TwoTowers
from snapshelf.training.tokenizer import tokenizer_corpus, train_tokenizer

_VOCABULARY = 8_000


def fresh_towers(
    products: Sequence[Annotation], *, start: Path | None = None, image_size: int = 112, seed: int = 0
) -> TwoTowers:
    """Return untrained towers of the bundled architecture.

    Parameters
    ----------
    products : sequence of Annotation
        The tokeniser is trained on their titles and captions.
    start : Path or None
        Weights of `timm`'s ``vit_tiny_patch16_224`` (safetensors) for the photo tower.
    image_size : int
        Side of the photo tower's input, in pixels; a multiple of 16.
    seed : int
        Of the captions.

    Raises
    ------
    TrainingError
        `start` cannot be read or is of another architecture.
    """
    captioner = Captioner(Lexicon.bundled(), Random(seed))
    completed = [captioner.with_title_labels(product) for product in products]
    longest = Architecture(vocabulary=0).text_length
    tokenizer = train_tokenizer(
        tokenizer_corpus(completed, captioner), vocabulary=_VOCABULARY, longest=longest
    )
    shape = Architecture(vocabulary=tokenizer.get_vocab_size(), image_size=image_size)
    towers = TwoTowers(shape, tokenizer)
    if start is not None:
        try:
            weights = load_file(start)
        except Exception as error:  # safetensors raises its own kind
            raise TrainingError(f"{start}: weights that cannot be read: {error}") from error
        towers.photo.load_timm(weights)
    return towers
