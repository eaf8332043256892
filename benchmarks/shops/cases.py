"""Single searches that must be right: what each shows first, or says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.shops.queries import folded
from snapshelf.catalogue import Product
from snapshelf.search import SearchResponse
from snapshelf.shelf import Shelf

Check = Callable[[SearchResponse], bool]


@dataclass(frozen=True, slots=True)
class Case:
    """A search of a shop, and what must be true of its response."""

    shop: str
    text: str
    wanted: str
    holds: Check


def run(shelf: Shelf, shop: str) -> dict[str, tuple[bool, str]]:
    """Case → whether it holds, and what was shown."""
    outcomes = {}
    for case in CASES:
        if case.shop == shop:
            response = shelf.search(text=case.text, record=False)
            shown = "; ".join(hit.product.title[:24] for hit in list(response)[:4])
            verdict = ", no good match" if response.no_good_match else ""
            outcomes[f"{case.text}: {case.wanted}"] = (
                case.holds(response),
                f"{response.total} hits{verdict}: {shown}",
            )
    return outcomes


def _first(*ids: str) -> Check:
    """These products come first, in any order, and the match is good."""
    return lambda response: (
        {hit.id for hit in list(response)[: len(ids)]} == set(ids) and not response.no_good_match
    )


def _first_in(category: str, count: int) -> Check:
    return lambda response: _all(response, count, lambda product: category in product.category)


def _all(response: SearchResponse, count: int, right: Callable[[Product], bool]) -> bool:
    hits = list(response)[:count]
    return len(hits) == count and all(right(hit.product) for hit in hits) and not response.no_good_match


def _in_title(count: int, *words: str) -> Check:
    return lambda response: _all(
        response, count, lambda product: any(word in folded(product.title) for word in words)
    )


def _only(category: str) -> Check:
    """The result set is exactly the category's products, as far as it is shown."""
    return lambda response: bool(response.hits) and all(category in hit.product.category for hit in response)


def _cheapest_first(response: SearchResponse) -> bool:
    prices = [hit.product.price.amount for hit in response if hit.product.price]
    return len(prices) > 1 and prices == sorted(prices)


def _both(*checks: Check) -> Check:
    return lambda response: all(check(response) for check in checks)


def _near_chairs(response: SearchResponse) -> bool:
    shown = list(response)[:3]
    return len(shown) == 3 and all("Chairs" in hit.product.category for hit in shown) and bool(response.notes)


def _unknown(response: SearchResponse) -> bool:
    return response.no_good_match


def _chinese(text: str, wanted: str, holds: Check) -> Case:
    return Case("chinese", text, wanted, holds)


def _european(text: str, *ids: str) -> Case:
    return Case("european", text, f"{', '.join(ids)} first", _first(*ids))


CASES: Sequence[Case] = (
    _chinese("空调", "the three air conditioners first", _first_in("空调", 3)),
    _chinese("空调", "nothing else", _only("空调")),
    _chinese("笔记本电脑", "three laptops first", _first_in("笔记本电脑", 3)),
    _chinese("苹果笔记本", "the MacBook first", _first("10086007")),
    _chinese("苹果手机", "the iPhone first", _first("10086001")),
    _chinese("洗衣机", "the two washing machines first", _first_in("洗衣机", 2)),
    _chinese("洗衣机", "nothing else", _only("洗衣机")),
    _chinese("华为手机", "the Huawei phone first", _first("10086002")),
    _chinese("电视", "the two televisions first", _first_in("电视", 2)),
    _chinese("充电器", "the charger first", _first("10086041")),
    _chinese("手机壳", "the phone case first", _first("10086049")),
    _chinese("蓝牙耳机", "the Bluetooth earphones first", _first("10086045")),
    _chinese("连衣群", "two dresses first (typo)", _first_in("连衣裙", 2)),
    _chinese("65寸电视", "the 65 inch television first", _first("10086024")),
    _chinese("128G U盘", "the stick first (memory, not grams)", _first("10086014")),
    _chinese("茶", "teas first", _first_in("茶叶", 2)),
    _chinese(
        "电脑",
        "three laptops, or things for computers",
        lambda r: _all(r, 3, lambda p: p.category[0] == "电脑办公"),
    ),
    _chinese("最便宜的手机", "the cheapest phone first", _both(_first("10086006"), _cheapest_first)),
    _chinese("黑色手机", "the black phone first", _first("10086002")),
    _chinese("钢琴", "no good match", _unknown),
    _chinese("laptop", "two laptops first (English)", _first_in("笔记本电脑", 2)),
    _chinese("washing machine", "the two washing machines first (English)", _first_in("洗衣机", 2)),
    _european("Bücherregal", "DE-1017"),
    _european("Buecherregal", "DE-1017"),
    _european("bucherregal", "DE-1017"),
    _european("Regal", "DE-1017"),
    _european("Regale", "DE-1017"),
    _european("Rasenmaeher", "DE-1027"),
    _european("fussmatte", "DE-1020"),
    _european("Lampen", "DE-1015", "DE-1016"),
    _european("Säge", "DE-1003"),
    _european("Handschuh", "DE-1026"),
    _european("destornillador", "ES-2002"),
    _european("lampara de ratan", "ES-2010"),
    _european("cuchillos", "ES-2007"),
    _european("robe ete", "FR-3014"),
    _european("robes d'été", "FR-3014"),
    _european("cocottes", "FR-3004"),
    _european("velo electrique", "FR-3022"),
    Case("fashion", "black watch", "ten watches first", _first_in("Watches", 10)),
    Case("fashion", "cheapest watch", "ten watches", _first_in("Watches", 10)),
    Case("fashion", "refrigerator", "no good match", _unknown),
    Case(
        "demo",
        "black watch",
        "a black watch first, and nothing but watches",
        _both(_first_in("Watches", 1), _only("Watches")),
    ),
    Case("demo", "sofa", "chairs, as there is no sofa, and a note that says so", _near_chairs),
    Case("demo", "tractor", "no good match", _unknown),
    Case("dummyjson", "laptop", "three laptops first", _first_in("laptops", 3)),
    Case("dummyjson", "smartphone", "three phones first", _first_in("smartphones", 3)),
    Case(
        "dummyjson",
        "cheapest laptop",
        "in the order of prices",
        _both(_first_in("laptops", 3), _cheapest_first),
    ),
    Case("oro", "headlamp", "a headlamp first", _first_in("Headlamps", 1)),
    Case("grocery", "milk", "three milks first", _in_title(3, "milk", "melk", "mjolk")),
)
