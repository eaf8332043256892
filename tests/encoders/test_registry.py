"""Every model that is known by name is described in full."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from snapshelf.encoders import (
    ModelDescription,
    available_encoders,
    encoder_folder,
    encoders_home,
    load_encoder,
    providers_available,
    registry,
)
from snapshelf.errors import EncoderError

MODELS = registry()


@pytest.mark.parametrize("name", MODELS)
def test_no_field_is_empty(name: str) -> None:
    about = MODELS[name]
    assert about.name == name
    for field in fields(ModelDescription):
        assert getattr(about, field.name) not in {None, "", ()}, field.name
    assert about.parameters is not None
    assert about.parameters > 1_000_000
    assert about.licence.startswith(("Apache-2.0", "MIT", "CC-BY-NC-4.0", "LicenseRef-"))
    assert set(about.languages) <= {"en", "zh", "mul"}


@pytest.mark.parametrize("name", [name for name in MODELS if name != "bundled"])
def test_the_size_is_that_of_the_parameters(name: str) -> None:
    """Four bytes a number, and a tokeniser of at most 45 MB."""
    about = MODELS[name]
    assert about.parameters is not None
    assert 0 <= about.size_mb - 4e-6 * about.parameters < 45


@pytest.mark.parametrize("family", ["siglip2", "chinese-clip", "xlm-roberta", "nllb", "marqo", "mobileclip"])
def test_every_family_that_was_promised_is_there(family: str) -> None:
    assert any(name.startswith(family) for name in MODELS)


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNAPSHELF_ENCODERS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["marqo-fashion-siglip", "nllb-clip-base", "hf-hub:some/model@v1"])
def test_what_is_not_here_names_the_command_and_is_not_fetched(empty_home: Path, name: str) -> None:
    with pytest.raises(EncoderError, match=f"snapshelf encoders pull {name}"):
        load_encoder(name)
    assert list(empty_home.iterdir()) == []


@pytest.mark.parametrize("name", ["hf-hub:", "hf-hub:a", "hf-hub:../../etc", "hf-hub:a/b/c", "hf-hub:a/.."])
def test_what_is_no_name_on_a_hub_is_refused(empty_home: Path, name: str) -> None:
    with pytest.raises(EncoderError):
        load_encoder(name)


def test_folders_stay_inside_the_home(empty_home: Path) -> None:
    for source in ("hf-hub:a/b", "hf-hub:a/b@refs/pr/1", "hf-hub:a.b/c_d-e"):
        assert encoder_folder(source).parent == encoders_home() / "hub"


def test_states(empty_home: Path) -> None:
    states = {about.name: state for about, state in available_encoders()}
    assert states["bundled"] == "here"
    assert states["marqo-fashion-siglip"] == "pull"
    assert states["nllb-clip-base"] == "pull, export"


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNAPSHELF_ENCODERS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert encoders_home() == Path("/elsewhere/snapshelf/encoders")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert encoders_home() == Path.home() / ".cache/snapshelf/encoders"


class TestProviders:
    def test_the_choice_is_told(self) -> None:
        assert load_encoder(provider="cpu").provider == "cpu"
        assert load_encoder().provider in providers_available()

    @pytest.mark.parametrize(
        "name", [name for name in ("cuda", "openvino") if name not in providers_available()]
    )
    def test_one_that_is_asked_for_and_missing_is_an_error(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(
            EncoderError, match=f"lacks the execution provider {name}.*pip install onnxruntime-"
        ):
            load_encoder(provider=name)
        monkeypatch.setenv("SNAPSHELF_PROVIDER", name)
        with pytest.raises(EncoderError, match=f"lacks the execution provider {name}"):
            load_encoder()
        assert load_encoder(provider="cpu").provider == "cpu"

    def test_one_that_does_not_exist_lists_those_that_do(self) -> None:
        with pytest.raises(EncoderError, match=r"'gpu'.*auto, cpu, openvino, cuda"):
            load_encoder(provider="gpu")
