"""Reading the values that feeds write in many ways: money, whole numbers, availability, HTML."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ
    GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR
    LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN
    PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
    TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW
    ZWG
"""
CURRENCIES = frozenset(_CODES.split())
"""Codes of the money in use (ISO 4217)."""

DEFAULT_CURRENCY = "CNY"

_SHARED_SIGNS = {"¥": "CNY", "$": "USD"}
_SIGNS = {
    **_SHARED_SIGNS,
    **dict.fromkeys(("元", "块", "rmb", "人民币", "人民币元", "cn¥"), "CNY"),
    **dict.fromkeys(("us$", "美元"), "USD"),
    **dict.fromkeys(("€", "欧元"), "EUR"),
    **dict.fromkeys(("£", "英镑"), "GBP"),
    **dict.fromkeys(("円", "日元", "jp¥"), "JPY"),
    **dict.fromkeys(("hk$", "港币", "港元"), "HKD"),
    **dict.fromkeys(("nt$", "新台币"), "TWD"),
    **dict.fromkeys(("₹", "rs"), "INR"),
    "₩": "KRW",
    "₽": "RUB",
    "₫": "VND",
    "฿": "THB",
    "a$": "AUD",
    "c$": "CAD",
    "s$": "SGD",
    "r$": "BRL",
}

_MONEY = re.compile(r"(?P<before>[^\d+-]*?)(?P<number>[+-]?\s*(?:\d|\.\d)[\d.,' ]*)(?P<after>[^\d]*)")
_GROUP_GAP = re.compile(r"(?<=\d)[ '](?=\d{3}(?!\d))")
_THOUSANDS = {mark: re.compile(rf"[1-9]\d{{0,2}}(?:\{mark}\d{{2,3}})*\{mark}\d{{3}}") for mark in ".,"}

_PATH_MARKS = frozenset(">›»")
_PATH_MARK = re.compile(r"\s*[>›»]\s*")
_LIST_MARKS = frozenset(",;| \t\r\n")
_LIST_MARK = re.compile(r"\s*[,;|]\s*")
_NEXT_ADDRESS = re.compile(r"[\s,;|]+(?=https?://)", re.IGNORECASE)
_PHOTO_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif|bmp|tiff?)$|^https?://", re.IGNORECASE)

_AVAILABILITY = {
    "in_stock": "instock available true yes y 1 limitedavailability 有货 有库存 有 是 现货 在售 库存充足",
    "out_of_stock": "outofstock soldout unavailable discontinued false no n 0 无货 缺货 售罄 无库存 无 否",
    "preorder": "preorder presale 预售 预购 预订",
    "backorder": "backorder backordered 缺货可订 可预订 补货中",
}
_AVAILABILITY_WORDS = {word: name for name, words in _AVAILABILITY.items() for word in words.split()}


def plain_key(text: str) -> str:
    """Letters and digits of `text` in lower case: ``"In stock"``, ``"IN_STOCK"`` → ``"instock"``."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def quoted(value: Any) -> str:
    """`value` for an error message, at most 80 characters of it."""
    try:
        return repr(str(value)[:80])
    except ValueError:
        # Python refuses to write whole numbers of more than 4,300 digits.
        return "a number of thousands of digits"
    except RecursionError:
        return "a value that is nested too deeply"


def read_currency(text: Any) -> str:
    """Read a code, sign or name of money as its ISO 4217 code.

    Raises
    ------
    ValueError
        It is no text, or none that is known.
    """
    if not isinstance(text, str):
        raise ValueError(f"{quoted(text)} is not a currency; give its ISO 4217 code such as CNY or USD")
    name = unicodedata.normalize("NFKC", text).strip().rstrip(".").strip()
    code = _SIGNS.get(name.casefold(), name.upper())
    if code not in CURRENCIES:
        raise ValueError(f"{text.strip()!r} is not a currency; give its ISO 4217 code such as CNY or USD")
    return code


def read_money(amount: Any, currency: Any = None) -> tuple[Decimal, str]:
    """Read amount and currency of a price as feeds write it.

    Takes numbers and texts such as ``"¥1,299.00"``, ``"15.00 USD"``, ``"€ 12,50"`` and ``"12.5元"``. A comma
    groups thousands if it can, ``"1,299"`` is 1299, and else marks decimals, ``"12,50"`` is 12.5.

    Parameters
    ----------
    amount : int, float, Decimal or str
    currency : str or None
        From a column of its own; it wins over the signs that several countries share (¥, $).

    Raises
    ------
    ValueError
        It is not an amount, is negative or infinite, or the two currencies contradict each other.
    """
    named = None if currency is None or currency == "" else read_currency(currency)
    if isinstance(amount, str):
        number, sign = _split_money(amount)
    else:
        number, sign = _exact(amount), ""
    if number < 0:
        raise ValueError(f"{quoted(amount)} is negative; give 0 or more")
    if not sign:
        return number, named or DEFAULT_CURRENCY
    written = read_currency(sign)
    if named is not None and named != written and sign not in _SHARED_SIGNS:
        raise ValueError(f"{quoted(amount)} is in {written} but the currency says {named}")
    return number, named or written


def _exact(amount: Any) -> Decimal:
    if (
        isinstance(amount, bool)
        or not isinstance(amount, int | float | Decimal)
        or not Decimal(amount).is_finite()
    ):
        raise ValueError(f"{quoted(amount)} is not an amount; give a number such as 12.50")
    # A 32-bit 19.99 arrives as 19.989999771118164.
    return Decimal(repr(round(amount, 6))) if isinstance(amount, float) else Decimal(amount)


def _split_money(text: str) -> tuple[Decimal, str]:
    parts = _MONEY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    before, after = (parts["before"].strip(), parts["after"].strip()) if parts else ("", "")
    number = _decimal(_GROUP_GAP.sub("", parts["number"].strip())) if parts else None
    if number is None or (before and after):
        raise ValueError(f"{quoted(text)} is not an amount; give a number such as 12.50, or leave it empty")
    return number, before or after


def _decimal(text: str) -> Decimal | None:
    mark = text[max(text.rfind("."), text.rfind(","))] if "." in text or "," in text else ""
    other = "," if mark == "." else "."
    sign, digits = (text[0], text[1:].lstrip()) if text[0] in "+-" else ("", text)
    if " " in digits or "'" in digits:
        return None
    if mark and (digits.count(mark) > 1 or (mark == "," and other not in digits)):
        if _THOUSANDS[mark].fullmatch(digits):
            return Decimal(sign + digits.replace(mark, ""))
        if digits.count(mark) > 1:
            return None
    whole, _, fraction = digits.rpartition(mark) if mark else (digits, "", "")
    if other in whole:
        if not _THOUSANDS[other].fullmatch(whole):
            return None
        whole = whole.replace(other, "")
    return Decimal(sign + (whole or "0") + (f".{fraction}" if fraction else ""))


def read_count(value: Any) -> int:
    """Read a whole number of pieces ≥ 0: ``12``, ``"12"``, ``"12.0"``.

    Raises
    ------
    ValueError
        It is anything else.
    """
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not number.is_integer():
        raise ValueError(f"{quoted(value)} is not a whole number")
    if number < 0:
        raise ValueError(f"{quoted(value)} is negative")
    return int(number)


def read_availability(value: Any) -> str:
    """Read a usual word as ``"in_stock"``, ``"out_of_stock"``, ``"preorder"`` or ``"backorder"``.

    Raises
    ------
    ValueError
        The word is not known.
    """
    # schema.org writes https://schema.org/InStock.
    text = value if isinstance(value, str) else quoted(value)[1:-1]
    word = plain_key(text.rsplit("/", 1)[-1])
    if word not in _AVAILABILITY_WORDS:
        raise ValueError(
            f"{quoted(value)} is not an availability; give in_stock, out_of_stock, preorder or backorder"
        )
    return _AVAILABILITY_WORDS[word]


def split_path(text: str) -> list[str]:
    """Split ``"Home > Kitchen > Pans"`` into its parts."""
    return [text] if _PATH_MARKS.isdisjoint(text) else _PATH_MARK.split(text)


def split_references(text: str) -> list[str]:
    """Split references to photos, divided by commas, semicolons, bars or, between addresses, by spaces."""
    if _LIST_MARKS.isdisjoint(text):
        return [text]
    parts = _LIST_MARK.split(text)
    # A comma may be part of a file's name or of an address.
    if len(parts) > 1 and all(_PHOTO_NAME.search(part) for part in parts):
        return parts
    return _NEXT_ADDRESS.split(text)


class _TextOnly(HTMLParser):
    _WITHIN_WORDS = frozenset({"a", "b", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u"})

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._unseen += tag in ("script", "style")
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in ("script", "style") and self._unseen > 0
        self._part(tag)

    def _part(self, tag: str) -> None:
        if tag not in self._WITHIN_WORDS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)


def without_html(text: str) -> str:
    """`text` as a reader sees it: tags, scripts and style sheets taken out when it is HTML."""
    if not re.search(r"</\w+\s*>|<br\s*/?>", text):
        return text
    parser = _TextOnly()
    try:
        parser.feed(text)
        parser.close()
    except AssertionError:
        # How html.parser says that a <![declaration[ is beyond it.
        return text
    return " ".join("".join(parser.pieces).split())
