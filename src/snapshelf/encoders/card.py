"""``card.json``: the description of an encoder in its folder.

A folder that Snapshelf writes holds two ONNX graphs, ``tokenizer.json`` and ``card.json``:

=================  =================================================================================================
``photo.onnx``     or ``visual.onnx``; one input, uint8 (n, s, s, 3) as decoded (the graph normalises) or float
                   (n, 3, s, s) normalised with the card's ``mean`` and ``std``; output ``vectors`` float (n, d)
``text.onnx``      or ``textual.onnx``; input ``tokens`` or ``input_ids`` int64 (n, t), where the graph has them also
                   ``attention_mask`` (n, t) and ``token_type_ids`` (n, t); output ``vectors`` float (n, d)
``tokenizer.json`` of the `tokenizers` library, with the post-processor that adds the model's special tokens
=================  =================================================================================================

A graph of more than 2 GB has its weights in a file of the same name plus ``.data`` or ``_data``. The card's ``files``
lists every loaded file with its SHA-256.
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
"""Name of a file within its folder."""


class Preprocessing(BaseModel):
    """Photo preprocessing: how a photo becomes the square input of the photo tower.

    Parameters
    ----------
    size : int
        Side of the square, in pixels.
    mode : {"stretch", "crop", "letterbox"}
        Stretch: resize to the square, ignoring the aspect ratio. Crop: resize the shorter side to `resize`, then take
        the centre. Letterbox: resize the longer side to `size` and fill the rest with `background`.
    resize : int or None
        With "crop": the shorter side before the crop; by default `size`.
    interpolation : {"nearest", "bilinear", "bicubic", "lanczos"}
        Pillow's filters; all but "nearest" antialias when they reduce a photo.
    reducing_gap : float or None
        With "stretch" and "letterbox": reduce large photos by integer factors first, which is faster (see
        ``PIL.Image.resize``).
    background : (int, int, int)
        With "letterbox": RGB, 0 to 255.
    mean, std : (float, float, float) or None
        RGB, of pixels in [0, 1]; required if the graph's input is float, else the graph normalises.
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
            raise ValueError("set both mean and std, or neither")
        if self.std is not None and min(self.std) <= 0:
            raise ValueError("each std must be > 0")
        if self.resize is not None and (self.mode != "crop" or self.resize < self.size):
            raise ValueError("resize requires mode crop and must be at least size")
        return self


class Tokenisation(BaseModel):
    """Tokenisation: how a text becomes the input tokens of the text tower.

    Parameters
    ----------
    length : int or None
        Maximum tokens of a text, special tokens included; longer texts are truncated. By default as in tokenizer.json.
    padding : {"longest", "fixed"}
        "fixed": pad every text to `length`, for a tower that was trained this way and has no mask (SigLIP).
        "longest": no padding.
    pad_id : int
        Padding token.
    special_tokens : bool
        Add the special tokens of tokenizer.json's post-processor.
    cleaning : {"shelf", "none", "whitespace", "lower", "canonical"}
        Text cleaning before tokenisation. "shelf": `snapshelf.language.normalise`. "whitespace": resolve HTML entities
        and collapse white space, as OpenCLIP does. "lower": also lower case. "canonical": also remove punctuation, as
        SigLIP does.
    begin_token, end_token : str or None
        Tokens around every text. If either is set, they replace the post-processor's tokens.
    language_tokens : mapping
        For a tokeniser with language tokens (NLLB): "en" and "zh" → token, instead of `begin_token`. A text with a
        Chinese character counts as Chinese.
    empty_id : int or None
        Token of a text without tokens, if no special tokens are added.
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
            raise ValueError("language_tokens needs a token for each of en and zh")
        if self.padding == "fixed" and self.length is None:
            raise ValueError("padding fixed requires a length")
        return self


class Card(BaseModel):
    """The machine-readable model card; other fields (data, recipe, figures, ...) are kept but not used.

    Parameters
    ----------
    name, licence, languages, parameters, dimension, image_size
        As in `ModelDescription`.
    files : mapping
        Name of each loaded file in the folder → its SHA-256 in hexadecimal.
    kind : str
        Family of the architecture: "snapshelf", "siglip", "siglip2", "chinese_clip", "clip", "open_clip", ...
    source : str or None
        Origin of the checkpoint, for example "hf-hub:google/siglip2-base-patch16-224".
    weights : {"fp32", "fp16", "int8"} or None
        Precision of the stored weights.
    preprocessing : Preprocessing or None
        By default as the bundled encoder: a stretch to `image_size`.
    tokeniser : Tokenisation or None
        By default as the bundled encoder: no special tokens, "shelf" cleaning.
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
            The card is missing, or a field is missing or invalid.
        """
        path = folder / "card.json"
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise EncoderError(f"{folder}: not an encoder's folder: {error}") from error
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc'])) or 'the file'}: {problem['msg']}"
                for problem in error.errors()
            )
            raise EncoderError(f"{path}: the card is not valid: {problems}") from error


def write_card(folder: Path, fields: Mapping[str, Any]) -> Card:
    """Hash the loaded files of an encoder's folder and write its ``card.json``.

    Parameters
    ----------
    folder : Path
        A folder with the graphs and the tokeniser.
    fields : mapping
        The fields of the card except ``files``; fields unknown to `Card` are kept.

    Raises
    ------
    EncoderError
        A field is missing or invalid, or a file is missing.
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
    """Return the SHA-256 of a file of any size, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
