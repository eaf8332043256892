"""``card.json``: what an encoder's folder says of itself.

A folder that Snapshelf writes holds two ONNX graphs, ``tokenizer.json`` and ``card.json``:

=================  =================================================================================================
``photo.onnx``     or ``visual.onnx``; one input, uint8 (n, s, s, 3) as decoded (the graph normalises) or float
                   (n, 3, s, s) normalised with the card's ``mean`` and ``std``; output ``vectors`` float (n, d)
``text.onnx``      or ``textual.onnx``; input ``tokens`` or ``input_ids`` int64 (n, t), where the graph has them also
                   ``attention_mask`` (n, t) and ``token_type_ids`` (n, t); output ``vectors`` float (n, d)
``tokenizer.json`` of the `tokenizers` library, with the post-processor that adds the model's special tokens
=================  =================================================================================================

A graph of more than 2 GB keeps its weights in a file beside it that is called like it with ``.data`` or ``_data`` at
the end. Every file that is loaded is listed in the card's ``files`` with its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from snapshelf._support.paths import check_relative
from snapshelf.errors import EncoderError

Channels = tuple[float, float, float]
FileName: TypeAlias = Annotated[str, AfterValidator(check_relative)]
"""Name of a file that stays within its folder."""


class Preprocessing(BaseModel):
    """How a photo becomes the square of pixels that the photo tower looks at.

    Parameters
    ----------
    size : int
        Side of the square, in pixels.
    mode : {"stretch", "crop", "letterbox"}
        Stretch: resized to the square whatever its proportions. Crop: the shorter side is resized to `resize`, then the
        middle is cut out. Letterbox: the longer side is resized to `size`, the rest is filled with `background`.
    resize : int or None
        With "crop": the shorter side before the cut; by default `size`.
    interpolation : {"nearest", "bilinear", "bicubic", "lanczos"}
        As Pillow has them; all but "nearest" smooth when they make a photo smaller.
    reducing_gap : float or None
        With "stretch" and "letterbox": shrink large photos by whole steps first, which is faster (see
        ``PIL.Image.resize``).
    background : (int, int, int)
        With "letterbox": RGB, 0 to 255.
    mean, std : (float, float, float) or None
        RGB, of pixels in [0, 1]; needed where the graph's input is float, else the graph normalises.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Annotated[int, Field(ge=1, le=4_096)]
    mode: Literal["stretch", "crop", "letterbox"] = "stretch"
    resize: Annotated[int, Field(ge=1, le=4_096)] | None = None
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bicubic"
    reducing_gap: Annotated[float, Field(ge=1)] | None = None
    background: tuple[int, int, int] = (255, 255, 255)
    mean: Channels | None = None
    std: Channels | None = None

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std come together")
        if self.std is not None and min(self.std) <= 0:
            raise ValueError("every std must be above 0")
        if self.resize is not None and (self.mode != "crop" or self.resize < self.size):
            raise ValueError("resize goes with mode crop and is at least size")
        return self


class Tokenisation(BaseModel):
    """How a text becomes the tokens that the words tower reads.

    Parameters
    ----------
    length : int or None
        Longest text in tokens, special tokens included; what is longer is cut. By default as tokenizer.json says.
    padding : {"longest", "fixed"}
        "fixed": every text is filled up to `length`, for a tower that was trained so and has no mask (SigLIP).
        "longest": texts have the length they have, and none is filled up.
    pad_id : int
        Token to fill up with.
    special_tokens : bool
        Add those of tokenizer.json's post-processor.
    cleaning : {"shelf", "none", "whitespace", "lower", "canonical"}
        What is done with a text before. "shelf": `snapshelf.language.normalise`. "whitespace": HTML entities are
        resolved and runs of white space become one space, as OpenCLIP does; "lower": that, and lower case;
        "canonical": that, and punctuation goes, as SigLIP does.
    begin_token, end_token : str or None
        Tokens around every text. Where one is given, they stand in place of the post-processor's.
    language_tokens : mapping
        For a tokeniser that begins a text with its language (NLLB): "en" and "zh" → token, in place of `begin_token`.
        A text with a Chinese character is taken for Chinese.
    empty_id : int or None
        Token that stands for a text without any, where special tokens do not stand for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    length: Annotated[int, Field(ge=1, le=8_192)] | None = None
    padding: Literal["longest", "fixed"] = "longest"
    pad_id: Annotated[int, Field(ge=0)] = 0
    special_tokens: bool = True
    cleaning: Literal["shelf", "none", "whitespace", "lower", "canonical"] = "whitespace"
    begin_token: str | None = None
    end_token: str | None = None
    language_tokens: Mapping[Literal["en", "zh"], str] = Field(default_factory=dict)
    empty_id: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.language_tokens and set(self.language_tokens) != {"en", "zh"}:
            raise ValueError("language_tokens needs a token for en and one for zh")
        if self.padding == "fixed" and self.length is None:
            raise ValueError("padding fixed needs a length")
        return self


class Card(BaseModel):
    """A model card as a program reads it; other fields (data, recipe, figures, ...) are kept and not looked at.

    Parameters
    ----------
    name, licence, languages, parameters, dimension, image_size
        As in `ModelDescription`.
    files : mapping
        Name of each file that is loaded, within the folder → its SHA-256 in hexadecimal.
    kind : str
        Family of the architecture: "snapshelf", "siglip", "siglip2", "chinese_clip", "clip", "open_clip", ...
    source : str or None
        Where the checkpoint came from, for example "hf-hub:google/siglip2-base-patch16-224".
    weights : {"fp32", "fp16", "int8"} or None
        How they are stored.
    preprocessing : Preprocessing or None
        By default that of the bundled encoder: a stretch to `image_size`.
    tokeniser : Tokenisation or None
        By default that of the bundled encoder: no special tokens, "shelf" cleaning.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Annotated[str, Field(min_length=1)]
    licence: Annotated[str, Field(min_length=1)]
    languages: tuple[str, ...]
    parameters: Annotated[int, Field(ge=1)]
    dimension: Annotated[int, Field(ge=1)]
    image_size: Annotated[int, Field(ge=1)]
    files: Mapping[FileName, str]
    kind: str = "snapshelf"
    source: str | None = None
    weights: Literal["fp32", "fp16", "int8"] | None = None
    preprocessing: Preprocessing | None = None
    tokeniser: Tokenisation | None = None

    @classmethod
    def read(cls, folder: Path) -> Card:
        """Read the ``card.json`` of a folder.

        Raises
        ------
        EncoderError
            There is none, or a field is missing or wrong.
        """
        path = folder / "card.json"
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise EncoderError(f"{folder}: not an encoder's folder: {error}") from error
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors()
            )
            raise EncoderError(f"{path}: the card is not valid: {wrong}") from error


def write_card(folder: Path, fields: Mapping[str, Any]) -> Card:
    """Hash the files that a folder's encoder loads and write its ``card.json``.

    Parameters
    ----------
    folder : Path
        With the graphs and the tokeniser already in it.
    fields : mapping
        The card's fields but ``files``; others than `Card` knows are kept.

    Raises
    ------
    EncoderError
        A field is missing or wrong, or a file is missing.
    """
    loaded = sorted(
        path for path in folder.iterdir() if path.name == "tokenizer.json" or ".onnx" in path.name
    )
    described = {**fields, "files": {path.name: sha256(path) for path in loaded}}
    (folder / "card.json").write_text(
        json.dumps(described, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return Card.read(folder)


def sha256(path: Path) -> str:
    """SHA-256 of a file of any size, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
