"""Checkpoints of every large architecture, small and with random weights, in the layout that the hubs have.

Each function fills a folder. The tokenisers are of the real kind, learnt from a few sentences.
"""

# ruff: noqa: S105, S106 - tokens of a vocabulary are no passwords

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from torch import nn

from snapshelf.training.large.libraries import library

OPENAI = {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}
_SENTENCES = [
    "red dress",
    "blue t-shirt with white stripes",
    "women's black leather boots",
    "running shoes for men, size 42",
    "a photo of a green cotton scarf",
    "红色连衣裙",
    "女士黑色真皮短靴",
    "白底蓝色条纹T恤",
    "男士跑鞋42码",
    "绿色纯棉围巾",
] * 3
_SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


def siglip2(folder: Path) -> None:
    """google/siglip2-base-patch16-224: SigLIP's model, Gemma's vocabulary, texts of 64 tokens in lower case."""
    specials = ["<pad>", "<eos>", "<bos>", "<unk>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    _learn(tokenizer, trainers.BpeTrainer(vocab_size=500, special_tokens=[*specials, *_bytes()]))
    tokenizer.post_processor = _template("$A <eos>", tokenizer)
    _save_tokenizer(
        tokenizer, folder, "GemmaTokenizerFast", pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    _siglip(folder, tokenizer, interpolation=2)


def siglip(folder: Path) -> None:
    """google/siglip-base-patch16-224: a vocabulary of T5's kind, filled up with the end token."""
    tokenizer = _t5(folder, "SiglipTokenizer")
    _siglip(folder, tokenizer, interpolation=3)


def _siglip(folder: Path, tokenizer: Tokenizer, *, interpolation: int) -> None:
    transformers = library("transformers")
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1}
    config = transformers.SiglipConfig(
        text_config={
            **_SHAPE,
            **ids,
            "vocab_size": tokenizer.get_vocab_size(),
            "max_position_embeddings": 64,
        },
        vision_config={**_SHAPE, "image_size": 32, "patch_size": 8},
    )
    _save_transformers(transformers.SiglipModel(config), folder)
    _write(
        folder / "preprocessor_config.json",
        {
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": [0.5, 0.5, 0.5],
            "image_processor_type": "SiglipImageProcessor",
            "image_std": [0.5, 0.5, 0.5],
            "processor_class": "SiglipProcessor",
            "resample": interpolation,
            "rescale_factor": 1 / 255,
            "size": {"height": 32, "width": 32},
        },
    )


def chinese_clip(folder: Path) -> None:
    """OFA-Sys/chinese-clip-vit-base-patch16: BERT's ``vocab.txt`` alone, weights in ``pytorch_model.bin``."""
    transformers = library("transformers")
    tokens = sorted(
        {character for sentence in _SENTENCES for character in sentence.lower() if character > " "}
    )
    pieces = [f"##{token}" for token in tokens if token.isascii()]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "dress", "shoes", *tokens, *pieces]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    config = transformers.ChineseCLIPConfig(
        text_config={**_SHAPE, "vocab_size": len(vocabulary), "max_position_embeddings": 512},
        vision_config={**_SHAPE, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    model = transformers.ChineseCLIPModel(config)
    _stir(model)
    config.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    _write(
        folder / "preprocessor_config.json",
        {
            "crop_size": 32,
            "do_center_crop": False,
            "do_normalize": True,
            "do_resize": True,
            "feature_extractor_type": "ChineseCLIPFeatureExtractor",
            "image_mean": OPENAI["mean"],
            "image_std": OPENAI["std"],
            "resample": 3,
            "size": {"height": 32, "width": 32},
        },
    )


def clip(folder: Path) -> None:
    """openai/clip-vit-base-patch32: ``vocab.json`` and ``merges.txt``, the middle of the photo."""
    transformers = library("transformers")
    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    specials = ["<|startoftext|>", "<|endoftext|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    _learn(
        tokenizer,
        trainers.BpeTrainer(vocab_size=700, initial_alphabet=alphabet, end_of_word_suffix="</w>"),
    )
    content = json.loads(tokenizer.to_str())["model"]
    vocabulary = list(content["vocab"]) + [
        f"{letter}</w>" for letter in alphabet if f"{letter}</w>" not in content["vocab"]
    ]
    folder.mkdir(parents=True)
    _write(folder / "vocab.json", {token: number for number, token in enumerate([*vocabulary, *specials])})
    merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in content["merges"]]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    _write(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "CLIPTokenizer", "pad_token": specials[1], "model_max_length": 77},
    )
    size, end = len(vocabulary) + 2, len(vocabulary) + 1
    ids = {"pad_token_id": end, "bos_token_id": end - 1, "eos_token_id": end}
    config = transformers.CLIPConfig(
        text_config={**_SHAPE, **ids, "vocab_size": size, "max_position_embeddings": 77},
        vision_config={**_SHAPE, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    _save_transformers(transformers.CLIPModel(config), folder)
    _write(
        folder / "preprocessor_config.json",
        {
            "crop_size": 32,
            "do_center_crop": True,
            "do_normalize": True,
            "do_resize": True,
            "feature_extractor_type": "CLIPFeatureExtractor",
            "image_mean": OPENAI["mean"],
            "image_std": OPENAI["std"],
            "resample": 3,
            "size": 32,
        },
    )


def xlm_roberta(folder: Path) -> None:
    """laion/CLIP-ViT-B-32-xlm-roberta-base-laion5B-s13B-b90k: XLM-R's text tower with the mean of its tokens."""
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    _learn(tokenizer, trainers.UnigramTrainer(vocab_size=200, special_tokens=specials, unk_token="<unk>"))
    tokenizer.post_processor = _template("<s> $A </s>", tokenizer)
    _save_tokenizer(
        tokenizer, folder, "XLMRobertaTokenizer", pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    )
    shape = library("transformers").XLMRobertaConfig(
        **_SHAPE | {"num_attention_heads": 1},
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
    )
    text = {
        "hf_model_name": "xlm-roberta-base",
        "hf_tokenizer_name": "xlm-roberta-base",
        "hf_pooler_type": "mean_pooler",
        "hf_proj_type": "mlp",
    }
    _save_open_clip(folder, {"embed_dim": 16, "vision_cfg": _vit(), "text_cfg": text}, OPENAI, shape)


def nllb(folder: Path) -> None:
    """visheratin/nllb-clip-base-oc: the encoder of NLLB, whose texts begin with their language."""
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    _learn(tokenizer, trainers.BpeTrainer(vocab_size=300, special_tokens=specials))
    tokenizer.add_special_tokens(["eng_Latn", "zho_Hans"])
    tokenizer.post_processor = _template("eng_Latn $A </s>", tokenizer)
    _save_tokenizer(tokenizer, folder, "NllbTokenizer", pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    shape = library("transformers").M2M100Config(
        d_model=32,
        encoder_layers=2,
        encoder_attention_heads=1,
        encoder_ffn_dim=64,
        decoder_layers=1,
        decoder_attention_heads=1,
        decoder_ffn_dim=64,
        vocab_size=tokenizer.get_vocab_size(),
        scale_embedding=True,
    )
    text = {
        "hf_model_name": "facebook/nllb-200-distilled-600M",
        "hf_tokenizer_name": "facebook/nllb-200-distilled-600M",
        "hf_proj_type": "linear",
        "hf_pooler_type": "cls_pooler",
    }
    _save_open_clip(folder, {"embed_dim": 16, "vision_cfg": _vit(), "text_cfg": text}, OPENAI, shape)


def fashion_siglip(folder: Path) -> None:
    """Marqo/marqo-fashionSigLIP: SigLIP through OpenCLIP, timm's photo tower, a ``config.json`` for its own code."""
    tokenizer = _t5(folder, "T5Tokenizer")
    _register_timm()
    config = {
        "embed_dim": 32,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 32,
            "timm_model_name": "vit_small_test_siglip",
            "timm_model_pretrained": False,
            "timm_pool": "map",
            "timm_proj": "none",
        },
        "text_cfg": {
            "context_length": 64,
            "vocab_size": tokenizer.get_vocab_size(),
            "hf_tokenizer_name": "timm/ViT-B-16-SigLIP",
            "tokenizer_kwargs": {"clean": "canonicalize"},
            "width": 32,
            "heads": 2,
            "layers": 2,
            "no_causal_mask": True,
            "proj_bias": True,
            "pool_type": "last",
            "norm_kwargs": {"eps": 1e-6},
        },
    }
    photos = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}
    _save_open_clip(folder, config, photos)
    _write(
        folder / "config.json",
        {
            "architectures": ["MarqoFashionSigLIP"],
            "model_type": "siglip",
            "open_clip_model_name": "ViT-B-16-SigLIP",
        },
    )


def mobileclip(folder: Path) -> None:
    """apple/MobileCLIP-S1-OpenCLIP: timm's FastViT, CLIP's vocabulary, pixels from 0 to 1, weights in a ``.bin``."""
    _register_timm()
    config = {
        "embed_dim": 32,
        "vision_cfg": {
            "timm_model_name": "fastvit_small_test",
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": None,
            "timm_drop": 0.0,
            "timm_drop_path": 0.0,
            "image_size": 64,
        },
        "text_cfg": {
            "context_length": 77,
            "vocab_size": 49408,
            "width": 32,
            "heads": 2,
            "layers": 2,
            "no_causal_mask": True,
        },
        "custom_text": True,
    }
    photos = {"mean": [0.0] * 3, "std": [1.0] * 3, "interpolation": "bilinear", "resize_mode": "shortest"}
    _save_open_clip(folder, config, photos, safe=False)


CHECKPOINTS: Mapping[str, Callable[[Path], None]] = {
    function.__name__: function
    for function in (siglip2, siglip, chinese_clip, clip, xlm_roberta, nllb, fashion_siglip, mobileclip)
}


def _t5(folder: Path, name: str) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=200, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>"
    )
    _learn(tokenizer, trainer)
    tokenizer.post_processor = _template("$A </s>", tokenizer)
    _save_tokenizer(tokenizer, folder, name, pad_token="</s>", eos_token="</s>", unk_token="<unk>")
    return tokenizer


def _vit() -> dict[str, Any]:
    return {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8}


def _bytes() -> Sequence[str]:
    return [f"<0x{byte:02X}>" for byte in range(256)]


def _learn(tokenizer: Tokenizer, trainer: Any) -> None:
    trainer.show_progress = False
    tokenizer.train_from_iterator(_SENTENCES, trainer)


def _template(single: str, tokenizer: Tokenizer) -> Any:
    tokens = [token for token in single.split() if token != "$A"]
    return processors.TemplateProcessing(
        single=single, special_tokens=[(token, tokenizer.token_to_id(token)) for token in tokens]
    )


def _save_tokenizer(tokenizer: Tokenizer, folder: Path, name: str, **specials: str) -> None:
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    _write(folder / "tokenizer_config.json", {"tokenizer_class": name, **specials})
    _write(folder / "special_tokens_map.json", specials)


def _save_transformers(model: nn.Module, folder: Path) -> None:
    _stir(model)
    model.save_pretrained(folder)  # type: ignore[operator]


def _save_open_clip(
    folder: Path, config: dict[str, Any], photos: dict[str, Any], shape: Any = None, *, safe: bool = True
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        local = json.loads(json.dumps(config))
        if shape is not None:
            shape.save_pretrained(scratch)
            local["text_cfg"].update(hf_model_name=scratch)
        _write(Path(scratch, "open_clip_config.json"), {"model_cfg": local})
        model = library("open_clip").create_model(
            f"local-dir:{scratch}", load_weights=False, pretrained_text=False
        )
    _stir(model)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "open_clip_config.json", {"model_cfg": config, "preprocess_cfg": photos})
    if safe:
        save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    else:
        torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")


def _stir(model: nn.Module) -> None:
    """Weights large enough that different photos and texts have different vectors."""
    generator = torch.Generator().manual_seed(5)
    for name, parameter in model.named_parameters():
        if parameter.ndim >= 2:
            fan_in = parameter[0].numel()
            nn.init.normal_(parameter, std=1.5 * fan_in**-0.5, generator=generator)
        elif parameter.ndim == 1 and name.endswith("bias"):
            nn.init.normal_(parameter, std=0.1, generator=generator)


def _register_timm() -> None:
    """Small towers of timm under names of their own; the builders are those of the published ones."""
    registry, layers = library("timm.models"), library("timm.models.fastvit")
    if registry.is_model("vit_small_test_siglip"):
        return
    vit = library("timm.models.vision_transformer").VisionTransformer

    def vit_small_test_siglip(pretrained: bool, **options: Any) -> nn.Module:
        size = {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 2}
        return vit(**size, class_token=False, **_of_architecture(options))  # type: ignore[no-any-return]

    def fastvit_small_test(pretrained: bool, **options: Any) -> nn.Module:
        return layers.FastVit(  # type: ignore[no-any-return]
            layers=(1, 1, 1, 1),
            embed_dims=(16, 32, 32, 32),
            mlp_ratios=(3, 3, 3, 3),
            se_downsamples=(False, False, True, True),
            pos_embs=(None, None, None, partial(layers.RepConditionalPosEnc, spatial_shape=(7, 7))),
            token_mixers=("repmixer", "repmixer", "repmixer", "attention"),
            lkc_use_act=True,
            **_of_architecture(options),
        )

    for build in (vit_small_test_siglip, fastvit_small_test):
        build.__module__ = registry.__name__
        registry.register_model(build)


def _of_architecture(options: dict[str, Any]) -> dict[str, Any]:
    """Leave out what timm's factory passes on for published weights."""
    names = {"num_classes", "global_pool", "drop_path_rate"}
    return {name: value for name, value in options.items() if name in names}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
