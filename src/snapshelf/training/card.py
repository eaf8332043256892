"""The model card of a fine-tune: for programs in ``card.json``, for people in ``README.md``."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import torch

import snapshelf
from snapshelf.evaluation import Comparison, Verdict
from snapshelf.training.train import Recipe

_LANGUAGES = {"en": "English", "zh": "Chinese", None: "photos"}
_MAX_CATEGORIES = 40
"""Rows of the readable table; card.json has all."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Facts of a run for the model card.

    Parameters
    ----------
    name : str
    base : mapping
        ``name``, ``licence``, ``languages`` and ``fingerprint`` of the base model.
    data : mapping
        Where the examples come from, and how many of each kind there are.
    split : mapping
        Numbers of training and held-out examples, and the rule.
    recipe : Recipe
    batch : int
        Batch size that fitted into memory.
    lora : int or None
    teacher : str or None
    device : str
    seconds : float
    """

    name: str
    base: Mapping[str, Any]
    data: Mapping[str, Any]
    split: Mapping[str, Any]
    recipe: Recipe
    batch: int
    lora: int | None
    teacher: str | None
    device: str
    seconds: float


def model_card(summary: RunSummary, verdict: Verdict) -> dict[str, Any]:
    """Return the fields of ``card.json`` that the export does not compute itself."""
    return {
        "name": summary.name,
        "licence": summary.base["licence"],
        "languages": list(summary.base["languages"]),
        **({"credits": summary.base["credits"]} if summary.base.get("credits") else {}),
        "base": {key: summary.base[key] for key in ("name", "fingerprint")},
        "data": dict(summary.data),
        "split": dict(summary.split),
        "recipe": {**asdict(summary.recipe), "batch": summary.batch},
        "lora": summary.lora,
        "teacher": summary.teacher,
        "seed": summary.recipe.seed,
        "alpha": verdict.alpha,
        "figures": {
            side: [
                {
                    "task": comparison.task,
                    "language": comparison.language,
                    "metric": comparison.metric,
                    "queries": comparison.queries,
                    "base": round(comparison.base, 4),
                    "value": round(comparison.tuned, 4),
                }
                for comparison in verdict.comparisons
                if comparison.side == side
            ]
            for side in ("target", "general")
        },
        "categories": [
            {
                "category": category.category,
                "photos": category.photos,
                "base": round(category.base, 4),
                "value": round(category.tuned, 4),
            }
            for category in verdict.categories
        ],
        "may_be_promoted": verdict.may_be_promoted,
        "seconds": round(summary.seconds),
        "made_with": {
            "snapshelf": snapshelf.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "onnx", "onnxruntime")},
            "device": summary.device,
        },
    }


def readable_card(card: Mapping[str, Any], verdict: Verdict) -> str:
    """Return the card as Markdown: data, training, and metrics by language and by category."""
    data, split, recipe = card["data"], card["split"], card["recipe"]
    lines = [
        f"# {card['name']}",
        "",
        f"Encoder of photos and words, tuned from {card['base']['name']} by Snapshelf "
        f"{card['made_with']['snapshelf']}.",
        "",
        "| | |",
        "|---|---|",
        f"| licence of the weights | {card['licence']}, as those it started from; what the photos and texts may be "
        "used for is up to their owner |",
        f"| languages | {', '.join(card['languages'])} |",
        f"| data | {data['source'] or 'examples given by a program'}: {data['examples']:,} examples, "
        f"{data['english_titles']:,} with an English and {data['chinese_titles']:,} with a Chinese title; "
        f"{data['unusable']:,} not usable |",
        f"| labels | {', '.join(f'{kind} ({count:,})' for kind, count in data['labels'].items()) or 'none'} |",
        f"| split | {split['learnt_from']:,} learnt from, {split['held_out']:,} held out; {split['rule']} |",
        f"| training | {recipe['loss']} loss, {recipe['epochs']:g} passes, {recipe['batch']} in a step, seed "
        f"{card['seed']}"
        + (f", adapter of rank {card['lora']}" if card["lora"] else "")
        + (f", distilled from {card['teacher']}" if card["teacher"] else "")
        + " |",
        f"| mix | {verdict.alpha:g} of the tuned weights, {1 - verdict.alpha:g} of the base's |",
        f"| made | in {card['seconds']:,} s on {card['made_with']['device']}, PyTorch {card['made_with']['torch']} |",
        "",
        "## Verdict",
        "",
        "It may take the base's place." if verdict.may_be_promoted else "It must not take the base's place.",
        "",
        *(f"- {reason}" for reason in verdict.reasons),
        "",
    ]
    for side, heading in (("target", "On the held-out examples"), ("general", "On the general set")):
        # Only AP for each kind of label; card.json has all metrics.
        rows = [
            comparison
            for comparison in verdict.comparisons
            if comparison.side == side
            and (comparison.metric == "AP" or not comparison.task.startswith("class: "))
        ]
        lines += [f"## {heading}", "", *_table(rows), ""]
    if verdict.categories:
        shown = sorted(verdict.categories, key=lambda category: -category.photos)[:_MAX_CATEGORIES]
        lines += [
            "## By category",
            "",
            "Average precision of the category's name as a query, on the held-out examples"
            + (
                f"; the {len(shown)} largest of {len(verdict.categories)}"
                if len(shown) < len(verdict.categories)
                else ""
            )
            + ".",
            "",
            "| category | photos | base | this model |",
            "|---|---|---|---|",
            *(
                f"| {category.category} | {category.photos:,} | {category.base:.3f} | {category.tuned:.3f} |"
                for category in shown
            ),
            "",
        ]
    return "\n".join(lines)


def _table(rows: list[Comparison]) -> list[str]:
    return [
        "| task | queries in | metric | queries | base | this model | difference | |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {row.task} | {_LANGUAGES[row.language]} | {row.metric} | {row.queries:,} | {row.base:.3f} "
            f"| {row.tuned:.3f} | {row.tuned - row.base:+.3f} [{row.low:+.3f}, {row.high:+.3f}] | {row.outcome} |"
            for row in rows
        ),
    ]


def device_name(device: torch.device) -> str:
    """Return the name of the device for people."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{torch.get_num_threads()} CPU threads ({platform.machine()})"
