from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from snapshelf.errors import EvaluationError
from snapshelf.evaluation import Purchases, benchmark_personal_ranking
from snapshelf.evaluation.personal_ranking import mid_rank

BRANDS = ("ahorn", "birke", "clivia", "distel")
KINDS = ("shirt", "shoe", "bag")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Shoppers who are faithful to a brand."""
    products = [f"{brand}-{kind}-{n}" for brand in BRANDS for kind in KINDS for n in range(6)]
    lines = ["id,title,categories"]
    lines += [f"{name},{name.replace('-', ' ')},Shop > {name.split('-')[1]}" for name in products]
    (tmp_path / "products.csv").write_text("\n".join(lines), "utf-8")
    draw = np.random.default_rng(0)
    shoppers = []
    for number in range(400):
        own = [name for name in products if name.startswith(BRANDS[number % 4])]
        taken = list(draw.choice(own, 6, replace=False))
        shoppers.append({"shopper": number, "products": taken, "last_kept_back": number % 2 == 1})
    (tmp_path / "purchases.jsonl").write_text("\n".join(map(json.dumps, shoppers)), "utf-8")
    return tmp_path


def test_the_split_is_by_time_and_nothing_of_the_tests_is_counted(folder: Path) -> None:
    purchases = Purchases.read(folder)
    given = [json.loads(line) for line in (folder / "purchases.jsonl").read_text().splitlines()]
    rows = {name: row for row, name in enumerate(purchases.items.ids)}
    of = {str(each["shopper"]): [rows[name] for name in each["products"]] for each in given}
    assert {case.shopper for case in purchases.tests}.isdisjoint(c.shopper for c in purchases.training_cases)
    for case in purchases.tests:
        assert [*case.past, case.target] == of[case.shopper]
    for case in purchases.training_cases:
        assert [*case.past, case.target] == of[case.shopper]
    for each, basket in zip(given, purchases.baskets, strict=True):
        last = 1 if each["last_kept_back"] else 2
        assert list(basket) == of[str(each["shopper"])][:-last]


def test_a_kept_back_file_exchanges_the_roles(folder: Path, tmp_path: Path) -> None:
    hidden = [{"shopper": n, "product": "ahorn-bag-0"} for n in range(1, 400, 2)]
    path = tmp_path / "hidden.jsonl"
    path.write_text("\n".join(map(json.dumps, hidden)), "utf-8")
    plain, swapped = Purchases.read(folder), Purchases.read(folder, path)
    assert {case.shopper for case in swapped.tests} == {str(n) for n in range(1, 400, 2)}
    assert {case.shopper for case in swapped.training_cases} == {case.shopper for case in plain.tests}
    kept = {case.shopper: list(case.past) for case in plain.tests}
    for case in swapped.training_cases:
        assert [*case.past, case.target] == kept[case.shopper]


@pytest.mark.usefixtures("trees")
@pytest.mark.parametrize("protocol", ["search", "next"])
def test_a_report_has_what_was_promised(folder: Path, protocol: str) -> None:
    report = benchmark_personal_ranking(Purchases.read(folder), protocol).to_json()
    wanted = {
        "search": {"words", "words+popularity", "impersonal", "personal", "wrong_shopper"},
        "next": {"popularity", "item_knn", "default", "for_you"},
    }[protocol]
    assert report["protocol"] == protocol
    assert wanted <= set(report["models"])
    for figures in report["models"].values():
        assert {"HR@10", "NDCG@10", "low", "high", "ms_per_request"} <= set(figures)
        assert figures["low"] <= figures["NDCG@10"] <= figures["high"]
    figure = {name: figures["NDCG@10"] for name, figures in report["models"].items()}
    if protocol == "search":
        assert figure["personal"] > 1.3 * figure["impersonal"]
        assert figure["wrong_shopper"] < figure["personal"]
    else:
        assert figure["default"] > figure["popularity"]
        assert figure["for_you"] > figure["popularity"]
        assert report["new_items"]["R@10"] > 0
        assert 0 <= report["new_items"]["for_you R@10"] <= 1
        spread = report["lists"]
        assert spread["popularity"]["coverage"] < spread["for_you"]["coverage"] <= 1
        assert spread["for_you"]["gini"] < spread["popularity"]["gini"] < 1
        assert spread["for_you"]["diversity"] > spread["default"]["diversity"]


def test_equal_scores_share_their_rank() -> None:
    assert mid_rank(np.array([3.0, 1.0, 1.0, 1.0]), 2) == 3
    assert mid_rank(np.array([3.0, 1.0]), 0) == 1


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("products.csv", "id,title\na,b", "categories"),
        ("products.csv", "id,title,categories\na,b,c\na,b,c", "twice"),
        ("purchases.jsonl", '{"shopper": 1, "products": ["moon"]}', "line 1: 'moon' is missing or unknown"),
        ("purchases.jsonl", "{", "line 1: not JSON"),
        ("purchases.jsonl", '{"shopper": 1}', "'products' is missing"),
    ],
)
def test_bad_files_are_said(folder: Path, file: str, text: str, problem: str) -> None:
    (folder / file).write_text(text, "utf-8")
    with pytest.raises(EvaluationError, match=problem):
        Purchases.read(folder)


def test_a_kept_back_file_of_strangers_is_said(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "hidden.jsonl"
    path.write_text('{"shopper": "nobody", "product": "ahorn-bag-0"}', "utf-8")
    with pytest.raises(EvaluationError, match="does not know the shopper 'nobody'"):
        Purchases.read(folder, path)


@pytest.mark.slow
def test_real_shoppers_next_item(shared: Path) -> None:
    report = benchmark_personal_ranking(
        Purchases.read(shared / "data" / "shoppers" / "beauty"), "next"
    ).to_json()
    assert report["models"]["default"]["HR@10"] >= 0.0925
    assert report["models"]["default"]["NDCG@10"] >= 0.0541
