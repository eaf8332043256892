"""How fast an encoder is, and whether all is well with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from snapshelf.encoders.card import sha256
from snapshelf.encoders.layouts import Layout
from snapshelf.encoders.load import find_encoder
from snapshelf.encoders.onnx import OnnxEncoder
from snapshelf.encoders.providers import providers_available
from snapshelf.encoders.pulled import Pulled
from snapshelf.errors import EncoderError

_TEXTS = ("women's red leather handbag", "男士黑色皮革双肩包")
_SAME = 0.9999
"""Cosine from which on two vectors are one."""

_BATCH_TOLERANCE = 1e-4
"""How much of a vector what else is in the batch may change: as every encoder promises."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What `bench` measured.

    Parameters
    ----------
    name, provider, fingerprint : str
    dimension : int
    image_size : int
    size_mb : float
    load_seconds : float
    photo_ms, text_ms : float
        Median time of one photo and of one text alone, in milliseconds.
    photos_per_second : float
        Of a batch, by one caller.
    """

    name: str
    provider: str
    fingerprint: str
    dimension: int
    image_size: int
    size_mb: float
    load_seconds: float
    photo_ms: float
    text_ms: float
    photos_per_second: float


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `examine` looked at.

    Parameters
    ----------
    what : str
    fine : bool
    detail : str
        What was found, and what to do where it is not fine.
    """

    what: str
    fine: bool
    detail: str


def bench(name: str | Path | None = None, *, provider: str | None = None, seconds: float = 2.0) -> Speed:
    """Measure an encoder with photos of 600x800 pixels and texts in both languages.

    Parameters
    ----------
    name : str, Path or None
        As for `load_encoder`.
    provider : str or None
    seconds : float
        About how long each of three figures is measured.
    """
    start = time.perf_counter()
    encoder = OnnxEncoder(find_encoder(name), provider)
    loaded = time.perf_counter() - start
    photos = [_photo(seed) for seed in range(16)]
    one_photo = _median(partial(encoder.encode_photos, photos[:1]), seconds)
    one_text = median(_median(partial(encoder.encode_texts, [text]), seconds / 2) for text in _TEXTS)
    batch = _median(partial(encoder.encode_photos, photos), seconds)
    about = encoder.description
    return Speed(
        name=about.name,
        provider=encoder.provider,
        fingerprint=encoder.fingerprint,
        dimension=about.dimension,
        image_size=about.image_size,
        size_mb=about.size_mb,
        load_seconds=round(loaded, 3),
        photo_ms=round(1e3 * one_photo, 2),
        text_ms=round(1e3 * one_text, 2),
        photos_per_second=round(len(photos) / batch, 1),
    )


def examine(name: str | Path | None = None, *, provider: str | None = None) -> list[Check]:
    """Look at an encoder's files, load it and try it."""
    checks: list[Check] = []
    try:
        layout = find_encoder(name)
        checks += _files(layout)
        checks.append(Check("providers", True, f"this ONNX Runtime has {', '.join(providers_available())}"))
        encoder = OnnxEncoder(layout, provider)
    except EncoderError as error:
        return [*checks, Check("loads", False, str(error))]
    about = encoder.description
    checks.append(Check("loads", True, f"{about.name}, {about.dimension} dimensions, on {encoder.provider}"))
    try:
        checks += _trials(encoder)
    except Exception as error:  # whatever ONNX Runtime raises is what the user came to hear
        checks.append(Check("runs", False, f"it loads but does not run: {error}"))
    return checks


def _files(layout: Layout) -> Iterator[Check]:
    folder = layout.description.folder
    if layout.card is not None:
        expected, what = layout.card.files, "card.json"
    elif Pulled.is_in(folder):
        expected, what = Pulled.read(folder).files, "the record of the download"
    else:
        yield Check("files", True, "no hashes to compare with: neither card.json nor a record of a download")
        return
    for path in layout.files():
        file = str(path.relative_to(folder))
        if file not in expected:
            yield Check(file, False, f"is loaded, but {what} does not list it")
        elif sha256(path) != expected[file]:
            yield Check(
                file, False, f"is not the file of {what}: its SHA-256 differs; pull or export it again"
            )
        else:
            yield Check(file, True, f"{path.stat().st_size / 1e6:,.1f} MB, as {what} has it")


def _trials(encoder: OnnxEncoder) -> Iterator[Check]:
    photos = [_photo(seed) for seed in range(5)]
    texts = [*_TEXTS, "a", ""]
    for what, together, alone in (
        ("photos", encoder.encode_photos(photos), [encoder.encode_photos([photo]) for photo in photos]),
        ("texts", encoder.encode_texts(texts), [encoder.encode_texts([text]) for text in texts]),
    ):
        off = float(np.abs(together - np.concatenate(alone)).max())
        yield Check(
            f"{what} in a batch",
            off <= _BATCH_TOLERANCE,
            f"differ from each alone by at most {off:.1e}"
            + (
                ""
                if off <= _BATCH_TOLERANCE
                else f"; more than {_BATCH_TOLERANCE:.0e}: export the model again"
            ),
        )
    languages = encoder.description.languages
    for language, pair in (("en", ("red dress", "blue jeans")), ("zh", ("红色连衣裙", "蓝色牛仔裤"))):
        first, second = encoder.encode_texts(pair)
        distinct = float(first @ second) < _SAME
        claimed = language in languages
        yield Check(
            f"reads {language}",
            distinct or not claimed,
            f"{pair[0]} and {pair[1]} "
            + ("differ" if distinct else "are the same to it")
            + ("" if claimed else "; it was not trained on this language, as far as is known"),
        )


def _median(call: Callable[[], object], seconds: float) -> float:
    call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def _photo(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((600, 800), Image.Resampling.BICUBIC)
