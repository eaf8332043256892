"""A text → the tokens that a words tower reads."""

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
    """The tokeniser of a model, set up as its towers were trained.

    Parameters
    ----------
    source : str
        Text of a ``tokenizer.json``.
    how : Tokenisation

    Raises
    ------
    EncoderError
        A token that `how` names is not in the vocabulary.
    """

    def __init__(self, source: str, how: Tokenisation) -> None:
        self._how = how
        begins: Mapping[Any, str | None] = how.language_tokens or {"en": how.begin_token}
        self._of_language = {
            language: self._set_up(Tokenizer.from_str(source), begin) for language, begin in begins.items()
        }

    def __call__(self, text: str) -> NDArray[np.int64]:
        """Token ids of shape (t,), t ≥ 1."""
        text = clean(text, self._how.cleaning)
        chinese = "zh" in self._of_language and _HAN.search(text)
        tokenizer = self._of_language["zh" if chinese else "en"]
        ids = tokenizer.encode(text, add_special_tokens=self._how.special_tokens).ids
        if not ids and self._how.empty_id is not None:
            ids = [self._how.empty_id]
        return np.array(ids, np.int64)

    def _set_up(self, tokenizer: Tokenizer, begin: str | None) -> Tokenizer:
        how = self._how
        if begin is not None or how.end_token is not None:
            around = [token for token in (begin, how.end_token) if token is not None]
            template = [token for token in (begin, "$A", how.end_token) if token is not None]
            ids = [(token, tokenizer.token_to_id(token)) for token in around]
            if missing := [token for token, id in ids if id is None]:
                raise EncoderError(
                    f"the tokeniser does not have the token {missing[0]!r} that its settings name"
                )
            tokenizer.post_processor = TemplateProcessing(single=template, special_tokens=ids)
        if how.length is not None:
            tokenizer.enable_truncation(how.length)
        if how.padding == "fixed":
            tokenizer.enable_padding(length=how.length, pad_id=how.pad_id)
        else:
            tokenizer.no_padding()
        return tokenizer


def clean(text: str, cleaning: str) -> str:
    """Bring a text to the form that a tokeniser was trained on; see `Tokenisation`."""
    if cleaning == "shelf":
        return normalise(text)
    # The tokenizers library takes no lone surrogates.
    text = text.encode("utf-8", "replace").decode()
    if cleaning == "none":
        return text
    text = html.unescape(html.unescape(text))
    if cleaning == "canonical":
        text = text.translate(_NO_PUNCTUATION)
    if cleaning in {"lower", "canonical"}:
        text = text.lower()
    return " ".join(text.split())
