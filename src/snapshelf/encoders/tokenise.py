"""Tokenise texts to the input of a text tower."""

from __future__ import annotations

import html
import re
import string
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

from snapshelf.encoders.card import Tokenisation
from snapshelf.errors import EncoderError
from snapshelf.language import normalise

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NO_PUNCTUATION = str.maketrans({"_": " ", **dict.fromkeys(string.punctuation.replace("_", ""), None)})


class Tokeniser:
    """The tokeniser of a model with the settings of its training.

    Parameters
    ----------
    source : str
        Text of a ``tokenizer.json``.
    settings : Tokenisation

    Raises
    ------
    EncoderError
        A token that `settings` names is not in the vocabulary.
    """

    def __init__(self, source: str, settings: Tokenisation) -> None:
        self._settings = settings
        begin_tokens: Mapping[Any, str | None] = settings.language_tokens or {"en": settings.begin_token}
        self._by_language = {
            language: self._configure(Tokenizer.from_str(source), begin_token)
            for language, begin_token in begin_tokens.items()
        }

    def __call__(self, text: str) -> NDArray[np.int64]:
        """Return the token ids of a text, shape (t,), t ≥ 1."""
        text = clean_text(text, self._settings.cleaning)
        is_chinese = "zh" in self._by_language and _HAN.search(text)
        tokenizer = self._by_language["zh" if is_chinese else "en"]
        ids = tokenizer.encode(text, add_special_tokens=self._settings.special_tokens).ids
        if not ids and self._settings.empty_id is not None:
            ids = [self._settings.empty_id]
        return np.array(ids, np.int64)

    def _configure(self, tokenizer: Tokenizer, begin_token: str | None) -> Tokenizer:
        settings = self._settings
        if begin_token is not None or settings.end_token is not None:
            special_tokens = [token for token in (begin_token, settings.end_token) if token is not None]
            template = [token for token in (begin_token, "$A", settings.end_token) if token is not None]
            ids = [(token, tokenizer.token_to_id(token)) for token in special_tokens]
            if missing := [token for token, id in ids if id is None]:
                raise EncoderError(
                    f"the tokeniser's settings name the token {missing[0]!r}, which is not in its vocabulary"
                )
            tokenizer.post_processor = TemplateProcessing(single=template, special_tokens=ids)
        if settings.length is not None:
            tokenizer.enable_truncation(settings.length)
        if settings.padding == "fixed":
            tokenizer.enable_padding(length=settings.length, pad_id=settings.pad_id)
        else:
            tokenizer.no_padding()
        return tokenizer


def clean_text(text: str, cleaning: str) -> str:
    """Clean a text before tokenisation; see `Tokenisation`."""
    if cleaning == "shelf":
        return normalise(text)
    # The tokenizers library rejects lone surrogates.
    text = text.encode("utf-8", "replace").decode()
    if cleaning == "none":
        return text
    text = html.unescape(html.unescape(text))
    if cleaning == "canonical":
        text = text.translate(_NO_PUNCTUATION)
    if cleaning in {"lower", "canonical"}:
        text = text.lower()
    return " ".join(text.split())
