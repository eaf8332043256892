"""Checkpoints as Optimum exports them load with the preprocessing, the tokeniser and the vectors of Transformers."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("onnx")

from PIL import Image

from snapshelf.encoders import load_encoder
from tests.training import large_checkpoints

TEXTS = ("red dress", "Women's black leather boots", "红色连衣裙", "女士黑色真皮短靴")
SPECIALS = {"siglip2": {"pad_token": "<pad>"}, "siglip": {"pad_token": "</s>"}}


class Photos(torch.nn.Module):
    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.model.get_image_features(pixel_values=pixel_values).pooler_output


class Texts(torch.nn.Module):
    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.model.get_text_features(input_ids=input_ids).pooler_output


def write(graph: torch.nn.Module, example: torch.Tensor, name: str, path: Path) -> None:
    output = "pooler_output"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        axes = {0: "batch_size"} if example.ndim == 4 else {0: "batch_size", 1: "sequence_length"}
        torch.onnx.export(
            graph, (example,), str(path), input_names=[name], output_names=[output],
            dynamic_axes={name: axes, output: {0: "batch_size"}}, opset_version=17, dynamo=False,
        )  # fmt: skip


@pytest.mark.parametrize("kind", SPECIALS)
def test_vectors_are_those_of_transformers(tmp_path: Path, kind: str) -> None:
    source, folder = tmp_path / kind, tmp_path / "optimum"
    large_checkpoints.CHECKPOINTS[kind](source)
    model = transformers.AutoModel.from_pretrained(source, attn_implementation="eager").eval()
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "onnx").mkdir()
    write(Photos(model), torch.zeros(2, 3, 32, 32), "pixel_values", folder / "onnx/vision_model.onnx")
    tokens = torch.ones(2, 64, dtype=torch.int64)
    write(Texts(model), tokens, "input_ids", folder / "onnx/text_model.onnx")
    encoder = load_encoder(folder)

    processor = transformers.AutoImageProcessor.from_pretrained(source, use_fast=False)
    random = np.random.default_rng(1)
    photos = [
        Image.fromarray(random.integers(0, 256, (*size, 3), dtype=np.uint8))
        for size in ((40, 60), (90, 33), (32, 32))
    ]
    # SigLIP's own tokeniser reads spiece.model only, which the tokeniser learnt here does not have.
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(source / "tokenizer.json"), padding_side="right", **SPECIALS[kind]
    )
    cleaned = [text.lower() if kind == "siglip2" else text.lower().replace("'", "") for text in TEXTS]
    ids = tokenizer(cleaned, padding="max_length", max_length=64, return_tensors="pt").input_ids
    with torch.inference_mode():
        seen = model.get_image_features(**processor(photos, return_tensors="pt")).pooler_output.numpy()
        read = model.get_text_features(input_ids=ids).pooler_output.numpy()
    for expected, got, alone in (
        (seen, encoder.encode_photos(photos), [encoder.encode_photos([photo]) for photo in photos]),
        (read, encoder.encode_texts(TEXTS), [encoder.encode_texts([text]) for text in TEXTS]),
    ):
        unit = expected / np.linalg.norm(expected, axis=1, keepdims=True)
        assert ((unit * got).sum(axis=1) >= 0.999).all()
        assert ((unit * np.concatenate(alone)).sum(axis=1) >= 0.999).all()
