"""Folders such as the hubs have them, with graphs of a few kilobytes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from tokenizers.trainers import BpeTrainer

GRAPHS = Path(__file__).with_name("graphs")
SIZE, DIMENSION = 8, 6

_SENTENCES = ["red dress", "blue jeans", "leather bag for men", "红色连衣裙", "蓝色牛仔裤", "男士皮包"] * 3


def siglip2(folder: Path, *, variant: str = "", text_graph: str = "text_model") -> Path:
    """Write what onnx-community/siglip2-base-patch16-224-ONNX has, but for the size of its graphs."""
    (folder / "onnx").mkdir(parents=True)
    shutil.copyfile(GRAPHS / "vision_model.onnx", folder / f"onnx/vision_model{variant}.onnx")
    shutil.copyfile(GRAPHS / f"{text_graph}.onnx", folder / f"onnx/text_model{variant}.onnx")
    write(
        folder / "config.json",
        {
            "architectures": ["SiglipModel"],
            "model_type": "siglip",
            "text_config": {"model_type": "siglip_text_model", "vocab_size": 200},
            "vision_config": {"image_size": SIZE, "model_type": "siglip_vision_model"},
        },
    )
    write(
        folder / "preprocessor_config.json",
        {
            "do_convert_rgb": None,
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": [0.5, 0.5, 0.5],
            "image_processor_type": "SiglipImageProcessor",
            "image_std": [0.5, 0.5, 0.5],
            "processor_class": "SiglipProcessor",
            "resample": 2,
            "rescale_factor": 0.00392156862745098,
            "size": {"height": SIZE, "width": SIZE},
        },
    )
    gemma_tokeniser().save(str(folder / "tokenizer.json"))
    write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "GemmaTokenizer",
            "model_max_length": 64,
            "pad_token": "<pad>",
            "eos_token": {"__type": "AddedToken", "content": "<eos>"},
        },
    )
    (folder / "README.md").write_text(
        "---\nlicense: apache-2.0\nlanguage:\n- en\n- zh\n---\n# SigLIP 2\n", encoding="utf-8"
    )
    return folder


def gemma_tokeniser() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_previous")
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "eng_Latn", "zho_Hans"]
    trainer = BpeTrainer(vocab_size=150, special_tokens=specials, show_progress=False)
    tokenizer.train_from_iterator(_SENTENCES, trainer)
    return tokenizer


def write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def change(path: Path, **changes: Any) -> None:
    """Change fields of a JSON file; None takes one out."""
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    write(path, {field: value for field, value in content.items() if value is not None})
