"""The bilingual tokeniser (byte-pair encoding), trained on captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

from snapshelf.language import Lexicon
from snapshelf.training.captions import LANGUAGES, Annotation, Captioner

PADDING = "<pad>"
_UNKNOWN = "<unk>"


def train_tokenizer(captions: Iterable[str], *, vocabulary: int, longest: int) -> Tokenizer:
    """Train a byte-pair encoding in which each Chinese character is a token of its own, with byte fallback.

    Single characters let 裙 mean the same in 连衣裙 and 红裙; byte fallback covers new brands and rare characters.
    Token 0 is the padding.

    Parameters
    ----------
    captions : iterable of str
    vocabulary : int
        Number of tokens.
    longest : int
        Longest text in tokens; longer ones are truncated.
    """
    tokenizer = Tokenizer(BPE(unk_token=_UNKNOWN, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(Regex(r"\p{Han}"), "isolated"),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Digits(individual_digits=False),
        ]
    )
    tokenizer.decoder = decoders.ByteFallback()
    trainer = BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[PADDING, _UNKNOWN, *(f"<0x{byte:02X}>" for byte in range(256))],
        show_progress=False,
    )
    tokenizer.train_from_iterator(captions, trainer)
    tokenizer.enable_truncation(longest)
    return tokenizer


def tokenizer_corpus(products: Sequence[Annotation], captioner: Captioner) -> Iterator[str]:
    """Yield every name in the lexicon, and each product's title and a caption in both languages."""
    for concept in Lexicon.bundled().concepts():
        for names in concept.names.values():
            yield from names
            yield from names
    for product in products:
        for language in LANGUAGES:
            yield captioner.title(product, language)
            yield captioner.attributes(product, language).text
