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
_MOST_CATEGORIES = 40
"""Rows of the readable table; card.json has all."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run knows of itself.

    Parameters
    ----------
    name : str
    base : mapping
        ``name``, ``licence``, ``languages`` and ``fingerprint`` of the model that it started from.
    data : mapping
        Where the examples come from, and how many of each kind there are.
    split : mapping
        How many were learnt from and held out, and by which rule.
    recipe : Recipe
    batch : int
        The one that fitted into memory.
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


def model_card(facts: RunFacts, verdict: Verdict) -> dict[str, Any]:
    """Fields of ``card.json`` that the export does not know itself."""
    return {
        "name": facts.name,
        "licence": facts.base["licence"],
        "languages": list(facts.base["languages"]),
        **({"credits": facts.base["credits"]} if facts.base.get("credits") else {}),
        "base": {key: facts.base[key] for key in ("name", "fingerprint")},
        "data": dict(facts.data),
        "split": dict(facts.split),
        "recipe": {**asdict(facts.recipe), "batch": facts.batch},
        "lora": facts.lora,
        "teacher": facts.teacher,
        "seed": facts.recipe.seed,
        "alpha": verdict.alpha,
        "figures": {
            side: [
                {
                    "task": one.task,
                    "language": one.language,
                    "metric": one.metric,
                    "queries": one.queries,
                    "base": round(one.base, 4),
                    "value": round(one.tuned, 4),
                }
                for one in verdict.comparisons
                if one.side == side
            ]
            for side in ("target", "general")
        },
        "categories": [
            {
                "category": one.category,
                "photos": one.photos,
                "base": round(one.base, 4),
                "value": round(one.tuned, 4),
            }
            for one in verdict.categories
        ],
        "may_be_promoted": verdict.may_be_promoted,
        "seconds": round(facts.seconds),
        "made_with": {
            "snapshelf": snapshelf.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "onnx", "onnxruntime")},
            "device": facts.device,
        },
    }


def readable_card(card: Mapping[str, Any], verdict: Verdict) -> str:
    """The card as Markdown: what it was made of and how good it is, by language and by category."""
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
        # Of each kind of label one figure will do; card.json has all.
        rows = [
            one
            for one in verdict.comparisons
            if one.side == side and (one.metric == "AP" or not one.task.startswith("class: "))
        ]
        lines += [f"## {heading}", "", *_table(rows), ""]
    if verdict.categories:
        shown = sorted(verdict.categories, key=lambda one: -one.photos)[:_MOST_CATEGORIES]
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
            *(f"| {one.category} | {one.photos:,} | {one.base:.3f} | {one.tuned:.3f} |" for one in shown),
            "",
        ]
    return "\n".join(lines)


def _table(rows: list[Comparison]) -> list[str]:
    return [
        "| task | queries in | metric | queries | base | this model | difference | |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {one.task} | {_LANGUAGES[one.language]} | {one.metric} | {one.queries:,} | {one.base:.3f} "
            f"| {one.tuned:.3f} | {one.tuned - one.base:+.3f} [{one.low:+.3f}, {one.high:+.3f}] | {one.outcome} |"
            for one in rows
        ),
    ]


def device_name(device: torch.device) -> str:
    """What computed, in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{torch.get_num_threads()} CPU threads ({platform.machine()})"
