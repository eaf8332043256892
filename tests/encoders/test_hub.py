"""Models are pulled from a hub over HTTP, whole and checked, and load without it afterwards."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants

from snapshelf.encoders import (
    PullRecord,
    available_encoders,
    check_encoder,
    encoder_folder,
    load_encoder,
    pull,
)
from snapshelf.encoders.load import find_encoder
from snapshelf.errors import EncoderError
from tests.encoders import hub_folders
from tests.encoders.encoder_contract import noise
from tests.encoders.hub_server import COMMIT, Hub, serving

SIGLIP2 = "onnx-community/siglip2-base-patch16-224-ONNX"
MAKER = "maker/small-siglip2"
NAME = f"hf-hub:{MAKER}"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    folder = hub_folders.siglip2(tmp_path / "remote")
    shutil.copyfile(folder / "onnx/vision_model.onnx", folder / "onnx/vision_model_fp16.onnx")
    shutil.copyfile(folder / "onnx/text_model.onnx", folder / "onnx/text_model_fp16.onnx")
    (folder / "onnx/model.onnx").write_bytes(b"both towers in one, which nobody asked for")
    with serving(Hub(repositories={MAKER: folder, SIGLIP2: folder})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("SNAPSHELF_ENCODERS", str(tmp_path / "home"))
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield hub


def test_what_is_pulled_loads_without_the_hub(hub: Hub) -> None:
    progress: list[tuple[int, int | None]] = []
    folder = pull(NAME, progress=lambda done, total: progress.append((done, total)))
    assert folder == encoder_folder(NAME)
    assert PullRecord.read(folder).commit == COMMIT
    needed = {
        "config.json",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "README.md",
    }
    assert PullRecord.read(folder).files.keys() == needed | {"onnx/vision_model.onnx", "onnx/text_model.onnx"}
    done = [bytes_here for bytes_here, _ in progress]
    assert done == sorted(done)
    assert progress[-1] == (
        progress[-1][1],
        sum((folder / name).stat().st_size for name in PullRecord.read(folder).files),
    )
    hub.requests.clear()
    encoder, remote = load_encoder(NAME), load_encoder(hub.repositories[MAKER])
    assert encoder.fingerprint == remote.fingerprint
    np.testing.assert_array_equal(encoder.encode_photos([noise(1)]), remote.encode_photos([noise(1)]))
    assert hub.requests == []


def test_a_name_of_the_registry_is_pulled_and_must_be_what_the_registry_says(hub: Hub) -> None:
    name = "siglip2-base-patch16-224"
    assert pull(name) == encoder_folder(f"hf-hub:{SIGLIP2}")
    about = find_encoder(name).description
    assert (about.name, about.licence, about.parameters) == (name, "Apache-2.0", 375_187_970)
    assert {about.name: state for about, state in available_encoders()}[name] == "here"
    # The graphs of this test are smaller than the real ones.
    with pytest.raises(EncoderError, match=rf"\(1, {hub_folders.DIMENSION}\).*768"):
        load_encoder(name)


def test_a_revision_is_another_encoder(hub: Hub) -> None:
    pull(f"{NAME}@v1")
    load_encoder(f"{NAME}@v1")
    with pytest.raises(EncoderError, match="pull"):
        load_encoder(NAME)
    assert f"{NAME}@v1" in {about.name for about, _ in available_encoders()}


def test_pulling_again_downloads_nothing(hub: Hub) -> None:
    pull(NAME)
    hub.requests.clear()
    pull(NAME)
    assert hub.downloads() == []


def test_a_download_that_breaks_off_goes_on_where_it_was(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 500)  # 10 MB are written at once else
    hub.breaks_after["vision_model.onnx"] = 1_000
    pull(NAME)
    ranges = [given for file, given in hub.downloads() if file == "vision_model.onnx" and given]
    assert "bytes=1000-" in ranges
    load_encoder(NAME)


def test_an_interrupted_pull_is_not_loaded_and_is_resumed(hub: Hub) -> None:
    def stop(done: int, total: int | None) -> None:
        if done > 10_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(NAME, progress=stop)
    with pytest.raises(EncoderError, match=f"snapshelf encoders pull {NAME}"):
        load_encoder(NAME)
    whole = {file for file, _ in hub.downloads()}
    hub.requests.clear()
    pull(NAME)
    load_encoder(NAME)
    assert len(whole & {file for file, _ in hub.downloads()}) <= 1


@pytest.mark.parametrize("file", ["vision_model.onnx", "config.json"])
def test_a_file_that_arrives_damaged_is_refused(hub: Hub, file: str) -> None:
    hub.damaged.add(file)
    with pytest.raises(EncoderError, match=f"{file} was damaged"):
        pull(NAME)
    with pytest.raises(EncoderError, match="pull"):
        load_encoder(NAME)
    hub.damaged.clear()
    pull(NAME)
    load_encoder(NAME)


def test_a_file_that_is_damaged_later_is_found_and_mended(hub: Hub) -> None:
    folder = pull(NAME)
    assert all(check.fine for check in check_encoder(NAME))
    path = folder / "onnx/text_model.onnx"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    wrong = [check for check in check_encoder(NAME) if not check.fine]
    assert [check.what for check in wrong][:1] == ["onnx/text_model.onnx"]
    assert "pull" in wrong[0].detail
    pull(NAME)
    assert path.read_bytes() == content


def test_another_variant_takes_the_place_of_the_first(hub: Hub) -> None:
    folder = pull(NAME)
    pull(NAME, weights="fp16")
    assert {path.name for path in (folder / "onnx").iterdir()} == {
        "vision_model_fp16.onnx",
        "text_model_fp16.onnx",
    }
    load_encoder(NAME)


def test_a_variant_that_the_hub_does_not_have_lists_those_it_has(hub: Hub) -> None:
    with pytest.raises(EncoderError, match="only fp32, fp16 graphs of this model, not int8"):
        pull(NAME, weights="int8")


def test_a_checkpoint_is_pulled_for_export(hub: Hub, tmp_path: Path) -> None:
    remote = tmp_path / "nllb"
    remote.mkdir()
    for name in ("open_clip_config.json", "tokenizer.json", "vocab.json", "README.md"):
        (remote / name).write_text("{}")
    for name in ("open_clip_pytorch_model.bin", "open_clip_model.safetensors", "model.safetensors"):
        (remote / name).write_bytes(name.encode())
    hub.repositories["visheratin/nllb-clip-base-oc"] = remote
    folder = pull("nllb-clip-base")
    files = set(PullRecord.read(folder).files)
    assert files == {
        "open_clip_config.json", "tokenizer.json", "vocab.json", "README.md", "open_clip_model.safetensors",
    }  # fmt: skip
    states = {about.name: state for about, state in available_encoders()}
    assert states["nllb-clip-base"] == "export"
    with pytest.raises(EncoderError, match="snapshelf encoders export nllb-clip-base"):
        load_encoder("nllb-clip-base")


def test_a_folder_without_a_configuration_gets_the_known_one(hub: Hub, tmp_path: Path) -> None:
    """laion's folder of XLM-R has none: OpenCLIP knows the model by another name."""
    remote = tmp_path / "xlm"
    remote.mkdir()
    (remote / "open_clip_pytorch_model.bin").write_bytes(b"weights")
    hub.repositories["laion/CLIP-ViT-B-32-xlm-roberta-base-laion5B-s13B-b90k"] = remote
    folder = pull("xlm-roberta-base-vit-b-32")
    config = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
    assert config["model_cfg"]["text_cfg"]["hf_model_name"] == "xlm-roberta-base"
    assert "open_clip_config.json" in PullRecord.read(folder).files


def test_what_is_of_no_use_is_not_downloaded(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/weights.gguf").write_bytes(b"x")
    hub.repositories["some/other"] = tmp_path / "other"
    with pytest.raises(EncoderError, match="neither a pair of ONNX graphs nor a checkpoint"):
        pull("hf-hub:some/other")
    assert hub.downloads() == []


def test_a_disk_that_is_too_small_is_told_before(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")(10, 9, 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(EncoderError, match="SNAPSHELF_ENCODERS"):
        pull(NAME)
    assert hub.downloads() == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hf-hub:no/such", "does not have this model.*HF_TOKEN"),
        (f"{NAME}@nowhere", "does not have this revision"),
        ("hf-hub:closed/model", "accept the terms"),
        ("bundled", "nothing needs to be pulled"),
        ("siglip", "is not the name of a model on a hub"),
    ],
)
def test_what_cannot_be_pulled_says_why(hub: Hub, name: str, said: str) -> None:
    hub.gated.add("closed/model")
    with pytest.raises(EncoderError, match=said):
        pull(name)


def test_a_hub_that_is_not_there_says_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(EncoderError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        pull(NAME)
