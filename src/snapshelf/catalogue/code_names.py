"""Names of columns that hold codes: article numbers, model numbers and barcodes."""

from __future__ import annotations

import re
from functools import lru_cache

_CODE_NAME = re.compile(
    r"""(?:^|\s)(?:
        skus?|mpns?|gtins?|gtin\d+|eans?|ean\d+|upcs?|upc\d+|isbns?|isbn\d+|jans?|asins?|plu|oem|barcodes?|model|ref|référence
        |reference|referencia|referenz|riferimento|artikelnummer|artikelnr|artnr|bestellnummer|bestellnr|varenummer
        |artikul|артикул|штрихкод|код\sтовара
        |(?:part|item|article|artikel|art|style|product|model|modell|catalogu?e|order|stock|vendor|manufacturer|supplier|mfr)
            \s(?:number|numbers|nummer|numero|número|no|nr|num|code|codes|id)
        |(?:code|código|codice|codigo)\s(?:article|produit|producto|prodotto|barras|barre|ean)
    )(?:$|\s)
    |^(?:code|codes|article)$
    |货号|型号|条码|条形码|款号|(?:商品|产品|物料)(?:编码|编号|代码)|^(?:编码|编号)$|貨號|型號|條碼|款號|品番|型番|コード|바코드|품번""",
    re.VERBOSE,
)
_BARCODE_NAME = re.compile(
    r"(?:^|\s)(?:gtins?|gtin\d+|eans?|ean\d+|upcs?|upc\d+|jans?|barcodes?)(?:$|\s)|条码|条形码|條碼|바코드"
)
_OF_OTHER_THINGS = re.compile(
    r"(?:^|\s)(?:related|cross|crosssell|upsell|up|similar|compatible|accessor(?:y|ies)|associated|bundled?|grouped"
    r"|substitutes?|replaces|image|file|color|colour|tax|country|currency)(?:$|\s)"
)
_WORD_START = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[\W_]+")


@lru_cache(4_096)
def is_code_name(name: str) -> bool:
    """Return whether a column has a usual name of codes that identify the product: "SKU", "variantSku", 货号.

    The name alone proves little: a "model" may be "Slim Fit".
    """
    words = _words(name)
    return bool(_CODE_NAME.search(words)) and not _OF_OTHER_THINGS.search(words)


@lru_cache(4_096)
def is_barcode_name(name: str) -> bool:
    """Return whether a column has a usual name of barcode numbers (GTIN), whose leading zeros are only padding."""
    words = _words(name)
    return bool(_BARCODE_NAME.search(words)) and not _OF_OTHER_THINGS.search(words)


@lru_cache(4_096)
def is_name_of_other_codes(name: str) -> bool:
    """Return whether a column has a name of codes of something else: "related_skus", "tax code", "image"."""
    return bool(_OF_OTHER_THINGS.search(_words(name)))


def _words(name: str) -> str:
    """Return the words of a name in lower case, with a space between them: "Variant SKU", "variantSku"."""
    return _SEPARATORS.sub(" ", _WORD_START.sub(" ", name)).strip().casefold()
