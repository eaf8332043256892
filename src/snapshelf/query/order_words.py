"""Order words: words of a query that ask for an order of the products, such as "cheapest" or 最新."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from snapshelf.index import And, Equals, Filter, HasWords, TermPlace
from snapshelf.language import QueryWord, query_words
from snapshelf.query.catalogue_view import CatalogueView
from snapshelf.query.query import Chip, OrderWords

ORDER = "sort"
"""Kind of the chips of order words; a shop turns them off with ``constraints: {sort: off}``."""

_OF_A_NAME = 0.5
"""Share of the products with the other words from which an order word beside these is a part of their names: most
shoes with "balance" in their names are of New Balance."""

_DISTINGUISHES = 0.9
"""Share of the products up to which a value says something, as "new" does beside "used". Many feeds say "new" of all
products."""


@dataclass(frozen=True, slots=True)
class _Order:
    """An order, its labels, and the words that ask for it."""

    sort: str
    en: str
    zh: str
    words: re.Pattern[str]
    is_mild: bool = False


_SUPERLATIVES: tuple[Mapping[str, str], ...] = (
    {
        "price": r"(?:am\ )?(?:billigst|g(?:ü|ue)nstigst|preiswertest)e[nrs]?",
        "-price": r"(?:am\ )?teuerste[nrs]?",
        "newest": r"(?:am\ )?neue?ste[nrs]?|neuheiten",
        "rating": r"(?:am\ )?best(?:\ |-)?bewertete?[nrs]?",
        "bestselling": r"meist(?:\ |-)?verkaufte?[nrs]?|beliebteste[nrs]?",
    },
    {
        "price": r"(?:l[ea]s?\ )?moins\ ch(?:è|e)re?s?|moins\ chers?",
        "-price": r"(?:l[ea]s?\ )?plus\ ch(?:è|e)re?s?|plus\ chers?",
        "newest": r"nouveaut(?:é|e)s?|(?:l[ea]s?\ )?plus\ r(?:é|e)cente?s?",
        "rating": r"(?:l[ea]s?\ )?mieux\ not(?:é|e)e?s?",
        "bestselling": r"meilleures\ ventes|(?:l[ea]s?\ )?plus\ vendue?s?",
    },
    {
        "price": r"m(?:á|a|ai)s\ (?:barat|econ(?:ó|o|ô)mic)[ao]s?",
        "-price": r"m(?:á|a|ai)s\ car[ao]s?",
        "newest": r"nov(?:e|i)dades|m(?:á|a|ai)s\ (?:nuev[ao]|nov[ao]|recient?e|recente)s?",
        "rating": r"(?:mejor|melhor)\ (?:valorad|calificad|avaliad)[ao]s?",
        "bestselling": r"m(?:á|a|ai)s\ vendid[ao]s?",
    },
    {
        "price": r"pi(?:ù|u)\ economic(?:he|[aio])|meno\ car[aeio]",
        "-price": r"pi(?:ù|u)\ (?:car|costos)[aeio]",
        "newest": r"novit(?:à|a)|pi(?:ù|u)\ (?:recent[ei]|nuov[aeio])",
        "rating": r"meglio\ (?:recensit|valutat)[aeio]",
        "bestselling": r"pi(?:ù|u)\ vendut[aeio]",
    },
    {
        "price": r"goedkoopste|billig(?:a|e)?ste",
        "-price": r"duurste|dyr(?:a|e)ste",
        "newest": r"nieuwste|ny(?:a|e)ste",
        "rating": r"best\ beoordeelde?",
        "bestselling": r"(?:best|meest)\ ?verkochte?|b(?:ä|a)sts(?:ä|a)ljande|mest\ solgte",
    },
)
"""Superlatives of German, French, Spanish and Portuguese, Italian, and of Dutch and the Nordic languages, by order."""


def _order(sort: str, en: str, zh: str, english: str, chinese: str, *, is_mild: bool = False) -> _Order:
    """Compile the words; particles around them belong to them: "the cheapest first", 最便宜的."""
    words = "|".join((english, *(() if is_mild else (others[sort] for others in _SUPERLATIVES))))
    with_spaces = rf"(?<![\w-])(?:the\ )?(?:{words})(?![\w-])(?:\ (?:ones?|first)(?!\w))?"
    in_chinese = rf"(?:{chinese})(?:的|款(?![式型]))*"
    return _Order(sort, en, zh, re.compile(f"{with_spaces}|{in_chinese}", re.VERBOSE), is_mild)


_ORDERS = (
    _order(
        "price",
        "cheapest first",
        "价格从低到高",
        r"cheapest|least\ expensive|lowest(?:\ |-)priced?|most\ affordable"
        r"|(?:sort(?:ed)?\ )?(?:by\ )?price:?\ (?:low\ to\ high|ascending)",
        r"最便宜|价格最低|最低价|最实惠|最划算|价格(?:从|由)低(?:到|至)高",
    ),
    _order(
        "-price",
        "most expensive first",
        "价格从高到低",
        r"most\ expensive|highest(?:\ |-)priced?|priciest|costliest"
        r"|(?:sort(?:ed)?\ )?(?:by\ )?price:?\ (?:high\ to\ low|descending)",
        r"最贵|价格最高|最高价|价格(?:从|由)高(?:到|至)低",
    ),
    _order(
        "rating",
        "best rated first",
        "评分从高到低",
        r"(?:best|top|highest|most\ highly)(?:\ |-)(?:rated|rating|reviewed)"
        r"|(?:best|highest|top)\ (?:ratings|reviews)",
        r"(?:评分|评价|口碑)(?:最高|最好)|好评(?:最多|如潮)?|最高评分|高评分",
    ),
    _order(
        "bestselling",
        "bestsellers first",
        "热销在前",
        r"best(?:\ |-)?sell(?:ing|ers?)|top(?:\ |-)?sell(?:ing|ers?)|most\ (?:popular|bought|sold)|popular|trending",
        r"(?:最)?热销|(?:最)?热卖|(?:最)?畅销|销量(?:最高|最好|第一)|卖得最好|(?:最)?热门|最受欢迎|人气(?:最高)?|爆款",
    ),
    _order(
        "newest",
        "newest first",
        "新品在前",
        r"newest|latest|most\ recent|new(?:ly)?\ (?:arrivals?|arrived|releases?|in)|just\ (?:in|arrived)"
        r"|(?<!brand\ )(?<!brand-)(?<!like\ )(?<!not\ )new",
        r"最新(?:上架|上市|发布)?|新款|新品|新到|新上架|新上市|上新",
    ),
    _order(
        "price",
        "cheap",
        "便宜",
        r"cheap|inexpensive|affordable|budget|low(?:\ |-)(?:cost|priced?)",
        r"便宜|平价|廉价|(?:经济)?实惠|性价比高",
        is_mild=True,
    ),
)


def read_order(
    text: str,
    catalogue: CatalogueView,
    codes: Sequence[tuple[int, int]] = (),
    dismissed: Collection[str] = (),
) -> OrderWords | None:
    """Read the first words that ask for an order; None where there are none.

    Words that are part of a name of the shop ask for no order ("New Balance"), and neither do those that name a value
    by which the shop's products differ ("new" beside "used").

    Parameters
    ----------
    text : str
        A query in normal form.
    catalogue : CatalogueView
    codes : sequence of (int, int)
        Spans that are codes.
    dismissed : collection of str
        `Chip.where` of the chips that the shopper removed.
    """
    matches = sorted(
        ((match, order) for order in _ORDERS for match in order.words.finditer(text)),
        key=lambda pair: (pair[1].is_mild, pair[0].start(), -pair[0].end()),
    )
    for match, order in matches:
        span, where = match.span(), f"{ORDER} = {order.sort}"
        if where in dismissed or _overlaps(span, codes) or _is_name(text, span, catalogue):
            continue
        chip = Chip(
            text=match[0].strip(),
            start=span[0],
            end=span[1],
            kind=ORDER,
            field=order.sort,
            where=where,
            filter=And(()),
            exact=And(()),
            labels={"en": order.en, "zh": order.zh},
            hard=True,
            boost=0.0,
        )
        return OrderWords(order.sort, chip, order.is_mild)
    return None


def without_order(text: str, order: OrderWords | None) -> tuple[str, int, int]:
    """Take the words of an order out of a text in normal form.

    Returns
    -------
    rest : str
        The other words.
    place : int
        Where the words after those of the order begin in the rest.
    moved : int
        How much further they stand in `text`.
    """
    if order is None:
        return text, len(text), 0
    before, after = text[: order.chip.start].rstrip(), text[order.chip.end :].lstrip()
    gap = " " if before and after else ""
    place = len(before) + len(gap)
    return f"{before}{gap}{after}", place, len(text) - len(after) - place


def _is_name(text: str, span: tuple[int, int], catalogue: CatalogueView) -> bool:
    """Whether words are a part of a name or of a value of the shop, by the products that have them."""
    if any(_overlaps(span, [(start, end)]) for start, end, _ in catalogue.names_in(text)):
        return True
    words = query_words(text, catalogue.lexicon)
    own = [word for word in words if _overlaps((word.start, word.end), [span])]
    before = [word for word in words if word.end <= span[0]]
    after = [word for word in words if word.start >= span[1]]
    if not own:
        return False
    return _names_value(text[span[0] : span[1]].strip(), catalogue) or any(
        others and _belongs_to(own, others, catalogue) for others in (before + after, before[-1:], after[:1])
    )


def _belongs_to(own: Sequence[QueryWord], others: Sequence[QueryWord], catalogue: CatalogueView) -> bool:
    """Whether most products with some words in their names have others there, too."""
    with_others = catalogue.count(_named(others))
    return bool(with_others) and (catalogue.count(_named([*own, *others])) or 0) > _OF_A_NAME * (
        with_others or 0
    )


def _named(words: Sequence[QueryWord]) -> Filter:
    """Return the products that have words, as they are written, in their names."""
    written = [
        tuple(terms for terms in word.alternatives if not any(term.startswith("§") for term in terms))
        or word.alternatives
        for word in words
    ]
    return HasWords.all_of(written, TermPlace.NAME)


def _names_value(words: str, catalogue: CatalogueView) -> bool:
    """Whether words are a value of some products, and not of most."""
    total = catalogue.count(And(()))
    having = [catalogue.count(Equals(field, value)) for field, value in catalogue.choices(words)]
    return bool(total) and any(0 < (count or 0) <= _DISTINGUISHES * (total or 0) for count in having)


def _overlaps(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)
