"""Large models: every real architecture, small, from the file layout of the hubs to an encoder of Snapshelf."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs snapshelf[train]")
for name in ("peft", "transformers", "open_clip"):
    if not pytest.importorskip("importlib.util").find_spec(name):
        pytest.skip("large models need snapshelf[train]", allow_module_level=True)
pytestmark = pytest.mark.train

from PIL import Image

from snapshelf.demo import draw_catalogue, shopper_photo
from snapshelf.encoders import Encoder, load_encoder
from snapshelf.errors import SnapshelfError, TrainingError
from snapshelf.training.data import TrainingSet
from snapshelf.training.large import export as _export
from snapshelf.training.large.export import Fidelity, export_checkpoint, export_large
from snapshelf.training.large.libraries import library
from snapshelf.training.large.towers import LargeTowers, load_large
from snapshelf.training.sources.bundled import drawn
from snapshelf.training.train import Recipe, train
from tests.training.large_checkpoints import CHECKPOINTS

TEXTS = {
    "en": ["Red Dress", "Women’s black leather boots, size 42", "running shoes & socks (blue)"],
    "zh": ["红色连衣裙", "女士黑色真皮短靴，42码", "白底蓝色条纹T恤 男士"],
}
ARCHITECTURES = list(CHECKPOINTS)
ADAPTED = ["siglip2", "chinese_clip", "xlm_roberta", "fashion_siglip", "mobileclip"]

Build = Callable[[str], Path]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Folder of an architecture's checkpoint, written once."""
    root = tmp_path_factory.mktemp("checkpoints")

    def build(architecture: str) -> Path:
        if not (root / architecture).exists():
            CHECKPOINTS[architecture](root / architecture)
        return root / architecture

    return build


@pytest.fixture(scope="module")
def export(
    checkpoint: Build, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., tuple[Path, Fidelity]]:
    """Exported folder of an architecture and the fidelity that was told, made once."""
    root, exports = tmp_path_factory.mktemp("exports"), {}

    def build(architecture: str, weights: str = "fp32") -> tuple[Path, Fidelity]:
        key = f"{architecture}-{weights}"
        if key not in exports:
            exports[key] = (
                root / key,
                export_checkpoint(checkpoint(architecture), root / key, weights=weights),
            )
        return exports[key]

    return build


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return [shopper_photo(product, seed=i) for i, product in enumerate(draw_catalogue(3, seed=8))]


def cosines(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    unit = [vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (ours, theirs)]
    return (unit[0] * unit[1]).sum(axis=1)


class Library:
    """A checkpoint as the library that wrote it runs it: its model, its processor of photos, its tokeniser."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = json.loads(
            next(
                folder / name for name in ("open_clip_config.json", "config.json") if (folder / name).exists()
            ).read_text()
        )
        self.open_clip = "model_cfg" in self.config

    def photos(self, photos: list[Image.Image]) -> np.ndarray:
        with torch.inference_mode():
            if self.open_clip:
                transform = library("open_clip.transform")
                size = self.config["model_cfg"]["vision_cfg"]["image_size"]
                how = transform.PreprocessCfg(size=size, **self.config["preprocess_cfg"])
                prepare = transform.image_transform_v2(how, is_train=False)
                return self.model.encode_image(torch.stack([prepare(photo) for photo in photos])).numpy()
            processor = library("transformers").AutoImageProcessor.from_pretrained(self.folder, backend="pil")
            return self.model.get_image_features(
                **processor(photos, return_tensors="pt")
            ).pooler_output.numpy()

    def texts(self, texts: list[str], language: str) -> np.ndarray:
        with torch.inference_mode():
            if self.open_clip:
                return self.model.encode_text(self._open_clip_tokens(texts, language)).numpy()
            return self.model.get_text_features(**self._tokens(texts)).pooler_output.numpy()

    @property
    def model(self) -> Any:
        if not self.open_clip:
            return library("transformers").AutoModel.from_pretrained(self.folder).eval()
        if "hf_model_name" in self.config["model_cfg"]["text_cfg"]:
            # OpenCLIP would ask the hub for the shape of the text tower; its own forward pass is what counts here.
            return load_large(self.folder).model
        return library("open_clip").create_model(f"local-dir:{self.folder}").eval()

    def _tokens(self, texts: list[str]) -> dict[str, Any]:
        transformers = library("transformers")
        if self.config["model_type"] != "siglip":
            tokenizer = transformers.AutoTokenizer.from_pretrained(self.folder)
            return dict(tokenizer(texts, padding=True, return_tensors="pt"))
        name = json.loads((self.folder / "tokenizer_config.json").read_text())
        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_file=str(self.folder / "tokenizer.json"), pad_token=name["pad_token"]
        )
        cleaned = [text.lower() for text in texts]
        if name["tokenizer_class"] == "SiglipTokenizer":
            cleaned = [library("open_clip.tokenizer").canonicalize_text(text) for text in texts]
        tokens = tokenizer(cleaned, padding="max_length", max_length=64, truncation=True, return_tensors="pt")
        return {"input_ids": tokens.input_ids}

    def _open_clip_tokens(self, texts: list[str], language: str) -> Any:
        text = self.config["model_cfg"]["text_cfg"]
        module = library("open_clip.tokenizer")
        if "hf_tokenizer_name" not in text:
            return module.SimpleTokenizer(context_length=text["context_length"])(texts)
        fast = library("transformers").PreTrainedTokenizerFast(
            tokenizer_file=str(self.folder / "tokenizer.json"),
            pad_token=json.loads((self.folder / "tokenizer_config.json").read_text())["pad_token"],
        )
        clean = module.get_clean_fn(text.get("tokenizer_kwargs", {}).get("clean", "whitespace"))
        length = text.get("context_length", 77)
        tokens = fast(
            [clean(text) for text in texts], padding="max_length", max_length=length, return_tensors="pt"
        ).input_ids
        if language == "zh" and "nllb" in text["hf_tokenizer_name"]:
            tokens[:, 0] = fast.convert_tokens_to_ids("zho_Hans")
        return tokens


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_export_gives_the_vectors_of_its_own_library(
    checkpoint: Build, export: Any, photos: list[Image.Image], architecture: str
) -> None:
    folder, fidelity = export(architecture)
    encoder, original = load_encoder(folder), Library(checkpoint(architecture))
    assert isinstance(encoder, Encoder)
    expected = original.photos(photos)
    single = np.concatenate([encoder.encode_photos([photo]) for photo in photos])
    assert cosines(single, expected).min() > 0.999
    assert cosines(encoder.encode_photos(photos), expected).min() > 0.999
    assert cosines(single, np.roll(single, 1, axis=0)).max() < 0.995, "the photos cannot be told apart"
    for language, texts in TEXTS.items():
        expected = original.texts(texts, language)
        single = np.concatenate([encoder.encode_texts([text]) for text in texts])
        assert cosines(single, expected).min() > 0.9999, language
        assert cosines(encoder.encode_texts(texts), expected).min() > 0.9999, language
        assert cosines(single, np.roll(single, 1, axis=0)).max() < 0.995, "the texts cannot be told apart"
    assert fidelity.least > 0.9999


@pytest.mark.parametrize("architecture", ["siglip2", "xlm_roberta", "mobileclip"])
def test_smaller_weights_and_what_they_cost_are_told(export: Any, architecture: str) -> None:
    exact, half, eighth = (export(architecture, weights) for weights in ("fp32", "fp16", "int8"))
    sizes = [(folder / "textual.onnx").stat().st_size for folder, _ in (exact, half, eighth)]
    assert sizes[1] < 0.7 * sizes[0]
    assert sizes[2] < 0.6 * sizes[0]
    assert half[1].least > 0.9999
    assert 0.95 < eighth[1].least < half[1].least
    assert all(load_encoder(folder).description.dimension for folder, _ in (exact, half, eighth))


def test_fidelity_reads_as_a_table(export: Any) -> None:
    lines = str(export("siglip2", "int8")[1]).splitlines()
    assert lines[0].split() == ["cosine", "with", "PyTorch", "least", "mean"]
    assert [line.split(",")[0] for line in lines[1:]] == ["photos"] * 2 + ["English"] * 2 + ["Chinese"] * 2
    assert all(0.99 < float(line.split()[-2]) <= float(line.split()[-1]) <= 1 for line in lines[1:])


def test_the_card_says_what_the_checkpoint_says(checkpoint: Build, tmp_path: Path) -> None:
    folder = tmp_path / "told"
    shutil.copytree(checkpoint("chinese_clip"), folder)
    (folder / "README.md").write_text("---\nlicense: mit\nlanguage: zh\n---\n# A model\n", encoding="utf-8")
    export_checkpoint(folder, tmp_path / "out")
    about = load_encoder(tmp_path / "out").description
    assert (about.name, about.licence, about.languages) == ("told", "mit", ("zh",))
    assert (about.dimension, about.image_size) == (16, 32)


def test_a_graph_too_large_for_one_file_keeps_its_weights_beside_it(
    checkpoint: Build, export: Any, photos: list[Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_export, "_LARGEST_FILE", 1_000)
    export_checkpoint(checkpoint("siglip2"), tmp_path)
    assert (
        (tmp_path / "visual.onnx").stat().st_size < 100_000 < (tmp_path / "visual.onnx.data").stat().st_size
    )
    whole, parted = load_encoder(export("siglip2")[0]), load_encoder(tmp_path)
    np.testing.assert_allclose(parted.encode_photos(photos), whole.encode_photos(photos), atol=1e-6)
    assert "visual.onnx.data" in json.loads((tmp_path / "card.json").read_text())["files"]


def vectors(towers: LargeTowers) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(1)
    pixels = torch.rand(3, 3, towers.image_size, towers.image_size, generator=generator)
    towers.eval()
    with torch.inference_mode():
        return towers.encode_photos(pixels), towers.encode_texts(towers.tokenise(TEXTS["en"]))


def step(towers: LargeTowers) -> None:
    """One step of AdamW that pulls photos towards texts."""
    optimiser = torch.optim.AdamW(towers.parameter_groups(1e-2, 1e-2, 0.0))
    towers.train()
    pixels = torch.rand(3, 3, towers.image_size, towers.image_size)
    similar = towers.encode_photos(pixels) @ towers.encode_texts(towers.tokenise(TEXTS["en"])).T
    torch.nn.functional.cross_entropy(similar * towers.scale() + towers.bias(), torch.arange(3)).backward()
    optimiser.step()


def same(ours: tuple[Any, Any], theirs: tuple[Any, Any], tolerance: float = 1e-5) -> bool:
    return all(torch.allclose(a, b, atol=tolerance) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("architecture", ADAPTED)
def test_an_adapter_alone_learns_and_can_be_merged(
    checkpoint: Build, tmp_path: Path, architecture: str
) -> None:
    plain = vectors(load_large(checkpoint(architecture)))
    towers = load_large(checkpoint(architecture)).with_lora(4, "north")
    assert same(vectors(towers), plain), "a fresh adapter changes nothing"
    before = {name: value.clone() for name, value in towers.state_dict().items()}
    step(towers)
    changed = [name for name, value in towers.state_dict().items() if not torch.equal(value, before[name])]
    assert changed
    assert all("lora_" in name for name in changed)
    learnt = vectors(towers)
    assert not any(torch.allclose(a, b, atol=1e-3) for a, b in zip(learnt, plain, strict=True))
    assert same(vectors(towers.merged()), learnt)
    assert same(vectors(towers), learnt), "merging leaves the towers as they are"

    towers.save_adapter(tmp_path / "north")
    size = sum(file.stat().st_size for file in (tmp_path / "north").iterdir())
    assert size < 0.5 * sum(value.numel() * 4 for value in before.values())
    assert same(vectors(load_large(tmp_path / "north")), learnt)


def test_tenants_do_not_touch_each_other(checkpoint: Build, tmp_path: Path) -> None:
    towers = load_large(checkpoint("siglip2")).with_lora(4, "north")
    step(towers)
    north = vectors(towers)
    towers.with_lora(2, "south")
    step(towers)
    south = vectors(towers)
    assert towers.tenants == ("north", "south")
    assert not same(south, north)
    assert same(vectors(towers.use_tenant("north")), north, 1e-6)
    towers.save_adapter(tmp_path / "south", "south")
    again = load_large(checkpoint("siglip2")).with_lora(3, "west").load_adapter(tmp_path / "south", "south")
    assert same(vectors(again), south)
    assert again.tenants == ("west", "south")


def test_a_tenants_adapter_is_exported_merged(checkpoint: Build, tmp_path: Path) -> None:
    towers = load_large(checkpoint("fashion_siglip")).with_lora(4, "north")
    step(towers)
    towers.save_adapter(tmp_path / "north")
    fidelity = export_checkpoint(tmp_path / "north", tmp_path / "out")
    assert fidelity.least > 0.9999
    exported = load_encoder(tmp_path / "out").encode_texts(TEXTS["en"])
    np.testing.assert_allclose(exported, vectors(towers)[1].numpy(), atol=1e-5)


def test_a_large_model_is_trained_whole_as_well(checkpoint: Build) -> None:
    towers = load_large(checkpoint("clip"))
    before = {name: value.clone() for name, value in towers.state_dict().items()}
    groups = towers.parameter_groups(1e-3, 1e-2, 0.1)
    assert {group["lr"] for group in groups} == {1e-3, 1e-2}
    assert {group["weight_decay"] for group in groups} == {0.0, 0.1}
    step(towers)
    changed = {name for name, value in towers.state_dict().items() if not torch.equal(value, before[name])}
    assert {"log_scale", "model.visual_projection.weight", "model.text_projection.weight"} <= changed


@pytest.mark.parametrize("lora", [None, 4])
def test_the_training_run_takes_large_towers(checkpoint: Build, tmp_path: Path, lora: int | None) -> None:
    towers = load_large(checkpoint("chinese_clip"))
    if lora is not None:
        towers.with_lora(lora)
    data = TrainingSet.build(drawn(24, seed=2), towers, tmp_path / "data")
    recipe = Recipe(epochs=4, decay_epochs=1, batch=12, warmup_steps=1, photo_rate=3e-3, text_rate=3e-3)
    losses: list[float] = []
    train(towers, data, tmp_path / "run", recipe, on_step=lambda progress: losses.append(progress.loss))
    assert np.mean(losses[-2:]) < np.mean(losses[:2])
    card = {"name": "tuned", "licence": "MIT", "languages": ["zh"]}
    assert export_large(towers, tmp_path / "out", card).least > 0.9999
    assert same(vectors(towers), vectors(towers.merged()))


def broken(checkpoint: Build, tmp_path: Path, architecture: str, **changes: Any) -> Path:
    """A copy of a checkpoint with fields of its configuration changed."""
    folder = tmp_path / "broken"
    shutil.copytree(checkpoint(architecture), folder)
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return folder


@pytest.mark.parametrize(("kind", "said"), [("bert", "not known"), ("siglip2", "NaFlex")])
def test_a_model_that_is_not_known_is_refused(
    checkpoint: Build, tmp_path: Path, kind: str, said: str
) -> None:
    with pytest.raises(TrainingError, match=said):
        load_large(broken(checkpoint, tmp_path, "siglip2", model_type=kind))


def test_weights_that_are_missing_are_never_made_up(checkpoint: Build, tmp_path: Path) -> None:
    folder = tmp_path / "holes"
    shutil.copytree(checkpoint("chinese_clip"), folder)
    weights = torch.load(folder / "pytorch_model.bin")
    del weights["text_projection.weight"]
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(TrainingError, match=r"text_projection\.weight"):
        load_large(folder)


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("siglip2", "model.safetensors"),
        ("xlm_roberta", "open_clip_model.safetensors"),
        ("mobileclip", "open_clip_pytorch_model.bin"),
        ("siglip2", "tokenizer.json"),
        ("siglip2", "preprocessor_config.json"),
        ("xlm_roberta", "open_clip_config.json"),
    ],
)
@pytest.mark.parametrize("damage", ["missing", "cut off"])
def test_a_damaged_checkpoint_is_an_error_that_names_it(
    checkpoint: Build, tmp_path: Path, architecture: str, name: str, damage: str
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(checkpoint(architecture), folder)
    path = folder / name
    content = path.read_bytes()
    path.unlink()
    if damage == "cut off":
        path.write_bytes(content[: len(content) // 2])
    with pytest.raises(TrainingError, match="damaged"):
        load_large(folder)


def test_what_cannot_be_done_with_adapters_is_said(checkpoint: Build, tmp_path: Path) -> None:
    towers = load_large(checkpoint("siglip2"))
    with pytest.raises(TrainingError, match="at least 1"):
        towers.with_lora(0)
    with pytest.raises(TrainingError, match="cannot name"):
        towers.with_lora(4, "a.b")
    with pytest.raises(TrainingError, match="no adapter"):
        towers.save_adapter(tmp_path)
    towers.with_lora(4, "north")
    with pytest.raises(TrainingError, match="already"):
        towers.with_lora(4, "north")
    with pytest.raises(TrainingError, match="there are north"):
        towers.use_tenant("south")
    towers.save_adapter(tmp_path / "north")
    with pytest.raises(TrainingError, match="not an adapter of this model"):
        load_large(checkpoint("chinese_clip")).load_adapter(tmp_path / "north", "north")
    config = json.loads((tmp_path / "north" / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = str(tmp_path / "gone")
    (tmp_path / "north" / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(TrainingError, match="gone, which is not there"):
        load_large(tmp_path / "north")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SnapshelfError, match="not a checkpoint"):
        export_checkpoint(tmp_path / "empty", tmp_path / "out")
