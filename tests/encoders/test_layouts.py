"""Folders of the model hubs load as they are, and what is wrong with one is said."""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from snapshelf.encoders import Encoder, OnnxEncoder, load_encoder, write_card
from snapshelf.errors import EncoderError
from tests.encoders import hub_folders
from tests.encoders.encoder_contract import EncoderContract, noise
from tests.encoders.hub_folders import DIMENSION, SIZE, change


@functools.cache
def _shared(folder: Path, kind: str) -> OnnxEncoder:
    text_graph = "text_model_quantized" if kind == "int8" else "text_model"
    return load_encoder(hub_folders.siglip2(folder / kind, text_graph=text_graph))


class TestOptimum(EncoderContract):
    @pytest.fixture(params=["fp32", "int8"])
    def encoder(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
        return _shared(tmp_path_factory.getbasetemp(), request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return hub_folders.siglip2(tmp_path / "siglip2")


def test_what_the_folder_says_is_known(folder: Path) -> None:
    about = load_encoder(folder).description
    assert (about.name, about.kind, about.dimension, about.image_size) == (
        "siglip2",
        "siglip",
        DIMENSION,
        SIZE,
    )
    assert (about.licence, about.languages, about.parameters) == ("apache-2.0", ("en", "zh"), None)


def test_a_photo_is_prepared_as_its_configuration_says(folder: Path) -> None:
    photo = noise(3, (50, 31))
    pixels = np.asarray(photo.resize((SIZE, SIZE), Image.Resampling.BILINEAR), np.float32) / 255
    graph = onnxruntime.InferenceSession(str(folder / "onnx/vision_model.onnx"))
    (expected,) = graph.run(None, {"pixel_values": ((pixels - 0.5) / 0.5).transpose(2, 0, 1)[None]})
    got = load_encoder(folder).encode_photos([photo])
    np.testing.assert_allclose(got, expected / np.linalg.norm(expected), atol=1e-6)


@pytest.mark.parametrize("text", ["Red  Dress", "红色连衣裙", "", "red " * 100])
def test_a_text_is_lowered_ended_and_filled_up(folder: Path, text: str) -> None:
    """As Transformers does it for SigLIP 2: lower case, `<eos>` (1) at the end, `<pad>` (0) up to 64 tokens."""
    cleaned = " ".join(text.lower().split())
    ids = [*hub_folders.gemma_tokeniser().encode(cleaned, add_special_tokens=False).ids[:63], 1]
    tokens = np.array([ids + [0] * (64 - len(ids))], np.int64)
    graph = onnxruntime.InferenceSession(str(folder / "onnx/text_model.onnx"))
    (expected,) = graph.run(None, {"input_ids": tokens})
    got = load_encoder(folder).encode_texts([text])
    np.testing.assert_allclose(got, expected / np.linalg.norm(expected), atol=1e-6)


def test_the_most_exact_of_several_variants_is_taken(folder: Path, tmp_path: Path) -> None:
    plain = load_encoder(folder).fingerprint
    shutil.copyfile(folder / "onnx/vision_model.onnx", folder / "onnx/vision_model_quantized.onnx")
    shutil.copyfile(
        hub_folders.GRAPHS / "text_model_quantized.onnx", folder / "onnx/text_model_quantized.onnx"
    )
    assert load_encoder(folder).fingerprint == plain
    (folder / "onnx/text_model.onnx").unlink()
    assert load_encoder(folder).fingerprint != plain


def test_settings_are_part_of_the_fingerprint(folder: Path) -> None:
    before = load_encoder(folder).fingerprint
    change(folder / "preprocessor_config.json", resample=3)
    assert load_encoder(folder).fingerprint != before


def test_a_mean_of_raw_pixels_is_understood(folder: Path) -> None:
    """Without `rescale_factor` of 1/255 mean and deviation are those of other numbers, but the vectors are the same."""
    expected = load_encoder(folder).encode_photos([noise(1)])
    change(
        folder / "preprocessor_config.json", rescale_factor=1.0, image_mean=[127.5] * 3, image_std=[127.5] * 3
    )
    np.testing.assert_allclose(load_encoder(folder).encode_photos([noise(1)]), expected, atol=1e-5)


def test_photos_that_are_cropped(folder: Path) -> None:
    """CLIP's way: the shorter side to `size`, then the middle."""
    change(
        folder / "preprocessor_config.json",
        do_center_crop=True, size={"shortest_edge": 10}, crop_size={"height": SIZE, "width": SIZE},
    )  # fmt: skip
    photo = noise(2, (40, 20))
    by_hand = photo.resize((20, 10), Image.Resampling.BILINEAR).crop((6, 1, 14, 9))
    plain = hub_folders.siglip2(folder.parent / "plain")
    np.testing.assert_allclose(
        load_encoder(folder).encode_photos([photo]),
        load_encoder(plain).encode_photos([by_hand]),
        atol=1e-5,
    )


def open_clip(folder: Path, **text: object) -> Path:
    """Turn a folder into one of OpenCLIP's layout, without a card."""
    for graph, name in (("vision_model", "visual"), ("text_model", "textual")):
        (folder / f"onnx/{graph}.onnx").rename(folder / f"{name}.onnx")
    (folder / "config.json").unlink()
    (folder / "preprocessor_config.json").unlink()
    # OpenCLIP's graphs have no pooled output; ours call the vectors by their name.
    for name in ("visual", "textual"):
        content = (folder / f"{name}.onnx").read_bytes()
        (folder / f"{name}.onnx").write_bytes(content.replace(b"pooler_output", b"text_features"))
    hub_folders.write(
        folder / "open_clip_config.json",
        {
            "model_cfg": {"embed_dim": DIMENSION, "vision_cfg": {"image_size": SIZE}, "text_cfg": text},
            "preprocess_cfg": {
                "mean": [0.5] * 3,
                "std": [0.5] * 3,
                "interpolation": "bilinear",
                "resize_mode": "squash",
            },
        },
    )
    return folder


def test_open_clip_loads_and_sees_the_same(folder: Path, tmp_path: Path) -> None:
    other = open_clip(hub_folders.siglip2(tmp_path / "clip"), hf_tokenizer_name="any", context_length=16)
    photos = [noise(0), noise(1)]
    np.testing.assert_allclose(
        load_encoder(other).encode_photos(photos), load_encoder(folder).encode_photos(photos), atol=1e-6
    )


def test_nllb_is_told_the_language_of_a_text(tmp_path: Path) -> None:
    name = "facebook/nllb-200-distilled-600M"
    folder = open_clip(hub_folders.siglip2(tmp_path / "nllb"), hf_model_name=name, hf_tokenizer_name=name)
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    for token in tokenizer["added_tokens"]:
        if token["content"] == "<eos>":
            token["content"] = "</s>"
    tokenizer["model"]["vocab"]["</s>"] = tokenizer["model"]["vocab"].pop("<eos>")
    hub_folders.write(folder / "tokenizer.json", tokenizer)
    vocabulary = tokenizer["model"]["vocab"]
    words = hub_folders.gemma_tokeniser()
    graph = onnxruntime.InferenceSession(str(folder / "textual.onnx"))
    encoder = load_encoder(folder)
    for text, language in (("red dress", "eng_Latn"), ("nike 红色连衣裙", "zho_Hans")):
        ids = [vocabulary[language], *words.encode(text, add_special_tokens=False).ids, vocabulary["</s>"]]
        (expected,) = graph.run(None, {"input_ids": np.array([ids], np.int64)})
        np.testing.assert_allclose(
            encoder.encode_texts([text]), expected / np.linalg.norm(expected), atol=1e-6
        )


def test_ours_with_settings_on_the_card(folder: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    for graph, name in (("vision_model", "visual"), ("text_model", "textual")):
        content = (folder / f"onnx/{graph}.onnx").read_bytes()
        (ours / f"{name}.onnx").write_bytes(content.replace(b"pooler_output", b"text_features"))
    shutil.copyfile(folder / "tokenizer.json", ours / "tokenizer.json")
    card = {
        "name": "mine", "kind": "siglip", "licence": "MIT", "languages": ["en"], "parameters": 1,
        "dimension": DIMENSION, "image_size": SIZE,
        "preprocessing": {"size": SIZE, "interpolation": "bilinear", "mean": [0.5] * 3, "std": [0.5] * 3},
        "tokeniser": {"length": 64, "padding": "fixed", "pad_id": 0, "end_token": "<eos>", "cleaning": "lower"},
    }  # fmt: skip
    write_card(ours, card)
    mine, theirs = load_encoder(ours), load_encoder(folder)
    np.testing.assert_allclose(mine.encode_texts(["Red"]), theirs.encode_texts(["Red"]), atol=1e-6)
    np.testing.assert_allclose(mine.encode_photos([noise(1)]), theirs.encode_photos([noise(1)]), atol=1e-6)
    write_card(ours, {**card, "dimension": 7})
    with pytest.raises(EncoderError, match="card says 7 "):
        load_encoder(ours)
    write_card(ours, {**card, "preprocessing": {"size": SIZE}})
    with pytest.raises(EncoderError, match="mean and std"):
        load_encoder(ours)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dimension", 0),
        ("parameters", "many"),
        ("preprocessing", {"size": 8, "mode": "squeeze"}),
        ("preprocessing", {"size": 8, "mean": [0, 0, 0]}),
        ("preprocessing", {"size": 8, "resize": 9}),
        ("tokeniser", {"length": 0}),
        ("tokeniser", {"padding": "fixed"}),
        ("tokeniser", {"language_tokens": {"en": "a"}}),
    ],
)
def test_a_card_that_is_wrong_names_the_field(tmp_path: Path, field: str, value: object) -> None:
    good = {
        "name": "a", "licence": "MIT", "languages": [], "parameters": 1, "dimension": 1, "image_size": 1,
    }  # fmt: skip
    with pytest.raises(EncoderError, match=rf"card\.json.*{field}"):
        write_card(tmp_path, {**good, field: value})


@pytest.mark.parametrize("name", ["../../x", "/elsewhere/x", r"..\x", "onnx/../../x", ""])
def test_a_card_that_names_a_file_outside_is_refused(tmp_path: Path, name: str) -> None:
    card = {
        "name": "a", "licence": "MIT", "languages": [], "parameters": 1, "dimension": 1, "image_size": 1,
        "files": {name: "0"},
    }  # fmt: skip
    (tmp_path / "card.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(
        EncoderError, match=r"card\.json: the card is not valid: files.*(leads out|not a file)"
    ):
        load_encoder(tmp_path)


@pytest.mark.parametrize("name", ["preprocessor_config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"{", b"[]", b"{}"])
def test_a_file_that_is_missing_or_broken_is_named(folder: Path, name: str, content: bytes | None) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(EncoderError, match=name.replace(".", r"\.") + "|tokenizer"):
        load_encoder(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": {"shortest_edge": 8}}, "input is not square"),
        ({"size": {"height": 8, "width": 9}}, "input is not square"),
        ({"size": None}, "is not supported"),
        ({"resample": 99}, "is not supported"),
        ({"image_mean": [0.5]}, "is not supported"),
    ],
)
def test_preprocessing_that_is_not_known_is_refused(
    folder: Path, changes: dict[str, object], said: str
) -> None:
    change(folder / "preprocessor_config.json", **changes)
    with pytest.raises(EncoderError, match=said):
        load_encoder(folder)


def test_an_unknown_kind_of_model_is_refused(folder: Path) -> None:
    change(folder / "config.json", model_type="blip")
    with pytest.raises(EncoderError, match=r"'blip'.*siglip.*export"):
        load_encoder(folder)


def test_pooled_features_of_clip_are_not_taken_for_vectors(folder: Path) -> None:
    change(folder / "config.json", model_type="clip")
    with pytest.raises(EncoderError, match=r"pooler_output.*export"):
        load_encoder(folder)


def test_a_graph_with_other_inputs_is_refused(folder: Path) -> None:
    content = (folder / "onnx/text_model.onnx").read_bytes()
    (folder / "onnx/text_model.onnx").write_bytes(content.replace(b"input_ids", b"input_idz"))
    with pytest.raises(EncoderError, match="input_idz"):
        load_encoder(folder)


def test_one_graph_alone_is_refused(folder: Path) -> None:
    (folder / "onnx/text_model.onnx").unlink()
    with pytest.raises(EncoderError, match=r"needs a matching photo graph.*onnx/vision_model\.onnx"):
        load_encoder(folder)


def test_a_checkpoint_without_graphs_names_the_command(folder: Path) -> None:
    shutil.rmtree(folder / "onnx")
    with pytest.raises(EncoderError, match="snapshelf encoders export"):
        load_encoder(folder)


def test_a_folder_of_anything_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"card\.json.*config\.json.*open_clip_config\.json"):
        load_encoder(tmp_path)


def test_weights_that_overflow_are_no_vectors(folder: Path) -> None:
    """Half precision that overflowed shows as numbers that are none; a shelf must never get them."""
    path = folder / "onnx/vision_model.onnx"
    weights = np.random.default_rng(11).normal(size=(3 * SIZE * SIZE, DIMENSION)).astype(np.float32).tobytes()
    assert weights in path.read_bytes()
    infinite = np.full(100, np.inf, np.float32).tobytes()
    path.write_bytes(path.read_bytes().replace(weights, infinite + weights[len(infinite) :]))
    encoder = load_encoder(folder)
    with pytest.raises(EncoderError, match="not finite"):
        encoder.encode_photos([Image.new("RGB", (SIZE, SIZE), (128, 128, 128))])
