"""Benchmark and diagnose an encoder."""

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
from snapshelf.encoders.pull_record import PullRecord
from snapshelf.errors import EncoderError

_TEXTS = ("women's red leather handbag", "男士黑色皮革双肩包")
_SAME_VECTOR_COSINE = 0.9999
"""Minimum cosine of two equal vectors."""

_BATCH_TOLERANCE = 1e-4
"""Maximum difference of a vector between batches, as the `Encoder` protocol requires."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Result of `benchmark_encoder`.

    Parameters
    ----------
    name, provider, fingerprint : str
    dimension : int
    image_size : int
    size_mb : float
    load_seconds : float
    photo_ms, text_ms : float
        Median time of a single photo and of a single text, in milliseconds.
    photos_per_second : float
        Throughput of a batch from a single caller.
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
    """Result of a check of `check_encoder`.

    Parameters
    ----------
    what : str
    fine : bool
    detail : str
        The result, and what to do if it is not fine.
    """

    what: str
    fine: bool
    detail: str


def benchmark_encoder(
    name: str | Path | None = None, *, provider: str | None = None, seconds: float = 2.0
) -> Speed:
    """Measure an encoder with photos of 600x800 pixels and texts in both languages.

    Parameters
    ----------
    name : str, Path or None
        As for `load_encoder`.
    provider : str or None
    seconds : float
        Approximate time of each of the three measurements.
    """
    started = time.perf_counter()
    encoder = OnnxEncoder(find_encoder(name), provider)
    load_seconds = time.perf_counter() - started
    photos = [_photo(seed) for seed in range(16)]
    photo_seconds = _median(partial(encoder.encode_photos, photos[:1]), seconds)
    text_seconds = median(_median(partial(encoder.encode_texts, [text]), seconds / 2) for text in _TEXTS)
    batch = _median(partial(encoder.encode_photos, photos), seconds)
    about = encoder.description
    return Speed(
        name=about.name,
        provider=encoder.provider,
        fingerprint=encoder.fingerprint,
        dimension=about.dimension,
        image_size=about.image_size,
        size_mb=about.size_mb,
        load_seconds=round(load_seconds, 3),
        photo_ms=round(1e3 * photo_seconds, 2),
        text_ms=round(1e3 * text_seconds, 2),
        photos_per_second=round(len(photos) / batch, 1),
    )


def check_encoder(name: str | Path | None = None, *, provider: str | None = None) -> list[Check]:
    """Check the files of an encoder, load it and compare its vectors."""
    checks: list[Check] = []
    try:
        layout = find_encoder(name)
        checks += _check_files(layout)
        checks.append(Check("providers", True, f"this ONNX Runtime has {', '.join(providers_available())}"))
        encoder = OnnxEncoder(layout, provider)
    except EncoderError as error:
        return [*checks, Check("loads", False, str(error))]
    about = encoder.description
    checks.append(Check("loads", True, f"{about.name}, {about.dimension} dimensions, on {encoder.provider}"))
    try:
        checks += _check_vectors(encoder)
    except Exception as error:  # The user asked for any error of ONNX Runtime.
        checks.append(Check("runs", False, f"the encoder loads but does not run: {error}"))
    return checks


def _check_files(layout: Layout) -> Iterator[Check]:
    folder = layout.description.folder
    if layout.card is not None:
        expected, what = layout.card.files, "card.json"
    elif PullRecord.is_in(folder):
        expected, what = PullRecord.read(folder).files, "the download record"
    else:
        yield Check(
            "files",
            True,
            "the folder has neither card.json nor a download record, so no hashes were compared",
        )
        return
    for path in layout.files():
        file = str(path.relative_to(folder))
        if file not in expected:
            yield Check(file, False, f"this file is loaded, but {what} does not list it")
        elif sha256(path) != expected[file]:
            yield Check(file, False, f"its SHA-256 differs from {what}; pull or export the encoder again")
        else:
            yield Check(file, True, f"{path.stat().st_size / 1e6:,.1f} MB, matches {what}")


def _check_vectors(encoder: OnnxEncoder) -> Iterator[Check]:
    photos = [_photo(seed) for seed in range(5)]
    texts = [*_TEXTS, "a", ""]
    for what, batched, single in (
        ("photos", encoder.encode_photos(photos), [encoder.encode_photos([photo]) for photo in photos]),
        ("texts", encoder.encode_texts(texts), [encoder.encode_texts([text]) for text in texts]),
    ):
        difference = float(np.abs(batched - np.concatenate(single)).max())
        yield Check(
            f"{what} in a batch",
            difference <= _BATCH_TOLERANCE,
            f"differ from single vectors by at most {difference:.1e}"
            + (
                ""
                if difference <= _BATCH_TOLERANCE
                else f"; more than {_BATCH_TOLERANCE:.0e}: export the model again"
            ),
        )
    languages = encoder.description.languages
    for language, pair in (("en", ("red dress", "blue jeans")), ("zh", ("红色连衣裙", "蓝色牛仔裤"))):
        first, second = encoder.encode_texts(pair)
        distinct = float(first @ second) < _SAME_VECTOR_COSINE
        is_declared = language in languages
        yield Check(
            f"reads {language}",
            distinct or not is_declared,
            f"{pair[0]} and {pair[1]} "
            + ("differ" if distinct else "have the same vector")
            + ("" if is_declared else "; its card does not list this language"),
        )


def _median(call: Callable[[], object], seconds: float) -> float:
    call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times)


def _photo(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((600, 800), Image.Resampling.BICUBIC)
