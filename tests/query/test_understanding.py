"""A whole request: vectors, terms, chips and notes; what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from snapshelf.encoders import Encoder, load_encoder
from snapshelf.errors import NotFoundError, PhotoError, QueryError
from snapshelf.index import And
from snapshelf.language import Vocabulary
from snapshelf.query import (
    MAX_EXAMPLES,
    MAX_PHOTOS,
    CatalogueView,
    Query,
    QueryInput,
    UnderstandingSettings,
    hard_filter,
    understand,
)
from tests.query.constraint_shops import fashion

RED, BLUE = (Image.new("RGB", (64, 64), colour) for colour in ("red", "blue"))


class Counting:
    """An encoder that writes down its calls."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.fingerprint, self.dimension = encoder.name, encoder.fingerprint, encoder.dimension
        self.calls: list[tuple[str, object]] = []

    def encode_photos(self, photos: Sequence[Image.Image]) -> np.ndarray:
        self.calls.append(("photos", len(photos)))
        return self._encoder.encode_photos(photos)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        self.calls.append(("texts", tuple(texts)))
        return self._encoder.encode_texts(texts)


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return load_encoder()


@pytest.fixture
def encoder(bundled: Encoder) -> Counting:
    return Counting(bundled)


@pytest.fixture(scope="module")
def products(bundled: Encoder) -> dict[str, np.ndarray]:
    return {"r": bundled.encode_photos([RED]), "b": bundled.encode_photos([BLUE, BLUE])}


@pytest.fixture
def catalogue(products: dict[str, np.ndarray]) -> CatalogueView:
    return CatalogueView(
        fashion(), photo_vectors=lambda ids: {id: products[id] for id in ids if id in products}
    )


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_words_alone(encoder: Counting, catalogue: CatalogueView) -> None:
    query = understand(encoder, QueryInput(text="红色连衣裙 300元以下"), catalogue)
    assert (query.kind, query.photo) == ("words", None)
    np.testing.assert_allclose(query.text, encoder.encode_texts(["红色连衣裙"])[0], atol=1e-6)
    assert query.terms["§colour/red"] == 1
    assert not any("300" in term for term in query.terms)
    assert query.normalised == "红色连衣裙 300元以下"
    assert [chip.kind for chip in query.chips] == ["colour", "category", "price"]
    assert hard_filter(query.chips) == And((query.chips[1].filter, query.chips[2].filter))
    assert set(query.timings) == {"decode", "understand", "encode"}


def test_words_meet_other_forms_in_the_shop(encoder: Counting) -> None:
    titles = [
        "Zapatos de mujer rojos",
        "Botella de agua",
        "Vestido para niña",
        "Camisa de algodón para hombre",
    ]
    catalogue = CatalogueView(fashion(), vocabulary=Vocabulary.of(titles))
    query = understand(encoder, QueryInput(text="zapato de mujer"), catalogue)
    assert [word.text for word in query.words] == ["zapato", "mujer"]
    query = understand(encoder, QueryInput(text="camisas"), catalogue)
    assert ("camisa",) in query.words[0].alternatives
    assert query.terms["=camisas"] > 0


def test_the_written_form_counts_in_short_queries_only(encoder: Counting) -> None:
    assert understand(encoder, QueryInput(text="canvas prints")).terms["=prints"] == 1
    query = understand(encoder, QueryInput(text="large canvas prints of mountains for walls"))
    assert not any(term.startswith("=") for term in query.terms)


def test_a_photo_alone_is_its_vector(encoder: Counting) -> None:
    query = understand(encoder, QueryInput((RED,)))
    assert (query.kind, query.text, query.terms) == ("photo", None, {})
    np.testing.assert_allclose(query.photo, encoder.encode_photos([RED])[0], atol=1e-6)


def test_each_input_is_encoded_in_one_pass(encoder: Counting, catalogue: CatalogueView) -> None:
    understand(encoder, QueryInput((RED,), "blue"), catalogue)  # the names of colours are encoded once
    encoder.calls.clear()
    request = QueryInput((RED, BLUE), "like this but blue, without laces", without="zippers")
    query = understand(encoder, request, catalogue)
    assert encoder.calls == [("photos", 2), ("texts", ("blue", "laces zippers"))]
    assert query.kind == "both"


def test_photos_count_equally(encoder: Counting) -> None:
    red, blue = encoder.encode_photos([RED, BLUE])
    even = understand(encoder, QueryInput((RED, BLUE))).photo
    np.testing.assert_allclose(even, unit(red + blue), atol=1e-5)


def test_words_beside_a_photo_take_out_what_the_photo_has(
    encoder: Counting, catalogue: CatalogueView
) -> None:
    photo = encoder.encode_photos([RED])[0]
    _, names = catalogue.concept_vectors(encoder, "colour")
    shown = names[int(np.argmax(names @ photo))]
    word = encoder.encode_texts(["blue"])[0]
    query = understand(encoder, QueryInput((RED,), "blue"), catalogue)
    np.testing.assert_allclose(query.text, 1.5 * (word - 0.4 * shown), atol=1e-4)
    # Constraints count more beside a photo.
    alone = understand(encoder, QueryInput(text="blue"), catalogue)
    assert query.chips[0].boost == pytest.approx(2.5 * alone.chips[0].boost)
    # Words without a constraint count twice as much.
    free = understand(encoder, QueryInput((RED,), "embroidered"), catalogue)
    assert np.linalg.norm(free.text) > 1.5


@pytest.mark.parametrize(
    "text",
    ["like this but blue", "the same style in blue, please", "同款blue", "和这个一样的 blue", "换成blue"],
)
def test_what_only_points_at_the_photo_is_not_looked_for(
    encoder: Counting, catalogue: CatalogueView, text: str
) -> None:
    query = understand(encoder, QueryInput((RED,), text), catalogue)
    texts = next(texts for kind, texts in encoder.calls if kind == "texts")
    assert texts[0].removeprefix("in ").strip(" ,") == "blue"
    assert [chip.labels["en"] for chip in query.chips] == ["blue"]


def test_only_pointing_at_the_photo_is_the_photo(encoder: Counting, catalogue: CatalogueView) -> None:
    assert understand(encoder, QueryInput((RED,), "同款"), catalogue).kind == "photo"


def test_unwanted_words_are_taken_out(encoder: Counting, catalogue: CatalogueView) -> None:
    photo, laces = encoder.encode_photos([RED])[0], encoder.encode_texts(["laces"])[0]
    query = understand(encoder, QueryInput((RED,), without="laces"), catalogue)
    assert abs(float(query.photo @ laces)) < 1e-5 or float(photo @ laces) < 0
    assert query.text is None


def test_unwanted_values_filter(encoder: Counting, catalogue: CatalogueView) -> None:
    query = understand(encoder, QueryInput((RED,), without="red"), catalogue)
    (chip,) = query.chips
    assert (chip.excluded, chip.hard, chip.text) == (True, True, "red")
    assert chip.where.startswith("NOT baseColour = ")
    assert ("texts", ()) in encoder.calls  # a constraint expresses it: no words remain to encode
    without_chip = understand(encoder, QueryInput((RED,), without="red"), catalogue, dismissed=[chip.where])
    assert without_chip.chips == ()


def test_only_what_is_ruled_out(encoder: Counting, catalogue: CatalogueView) -> None:
    query = understand(encoder, QueryInput(text="not red"), catalogue)
    np.testing.assert_allclose(query.text, -encoder.encode_texts(["red"])[0], atol=1e-6)
    assert (query.kind, query.terms) == ("words", {})


def test_only_a_price_browses_within_it(encoder: Counting, catalogue: CatalogueView) -> None:
    query = understand(encoder, QueryInput(text="300元以下"), catalogue)
    assert query.is_empty
    (chip,) = query.chips
    assert (chip.kind, query.normalised[chip.start : chip.end], query.terms) == ("price", "300元以下", {})
    # The price is not meant: then the words are searched as they are.
    plain = understand(encoder, QueryInput(text="300元以下"), catalogue, dismissed=[chip.where])
    assert (plain.text is not None, plain.chips) == (True, ())


def test_liked_and_disliked_products(
    encoder: Counting, catalogue: CatalogueView, products: dict[str, np.ndarray]
) -> None:
    liked = understand(encoder, QueryInput(liked=("b",)), catalogue)
    assert (liked.kind, liked.excluded_ids) == ("photo", {"b"})
    np.testing.assert_allclose(liked.photo, products["b"][0], atol=1e-5)
    both = understand(encoder, QueryInput((RED,), liked=("b",), disliked=("r",)), catalogue)
    red, blue = products["r"][0], products["b"][0]
    np.testing.assert_allclose(both.photo, unit(red + blue - 0.5 * red), atol=1e-4)
    assert both.excluded_ids == {"b", "r"}


def test_products_that_are_gone_are_said(encoder: Counting, catalogue: CatalogueView) -> None:
    query = understand(encoder, QueryInput((RED,), liked=("gone",)), catalogue)
    (note,) = query.notes
    assert (note.kind, note.values) == ("unknown-products", {"ids": "gone"})
    with pytest.raises(NotFoundError, match="none of the liked products"):
        understand(encoder, QueryInput(liked=("gone",)), catalogue)


def test_slips_are_corrected_where_it_is_sure(encoder: Counting) -> None:
    vocabulary = Vocabulary.of(["Red leather handbag"] * 20)
    catalogue = CatalogueView(fashion(), vocabulary=vocabulary)
    query = understand(encoder, QueryInput(text="leathr handbag"), catalogue)
    assert query.correction is not None
    assert query.normalised == (query.correction.text if query.correction.sure else "leathr handbag")
    assert "leather" in query.correction.text
    as_typed = understand(
        encoder, QueryInput(text="leathr handbag"), catalogue, UnderstandingSettings.plain()
    )
    assert (as_typed.correction, as_typed.normalised) == (None, "leathr handbag")


def test_words_may_be_taken_as_they_are(encoder: Counting, catalogue: CatalogueView) -> None:
    query = understand(
        encoder, QueryInput(text="not red under 300"), catalogue, UnderstandingSettings.plain()
    )
    assert query.chips == ()
    np.testing.assert_allclose(query.text, encoder.encode_texts(["not red under 300"])[0], atol=1e-6)
    nothing_known = understand(encoder, QueryInput(text="not red under 300"))
    assert nothing_known.chips == ()


def test_emoji_are_read_by_their_names(encoder: Counting, catalogue: CatalogueView) -> None:
    query = understand(encoder, QueryInput(text="👗"), catalogue)
    assert query.normalised == "dress"
    assert [chip.labels["en"] for chip in query.chips] == ["dress"]
    assert [note.kind for note in query.notes] == ["emoji"]


@pytest.mark.parametrize("text", ["?!…", "___", "。。。", "\u200d!", "-"])
def test_text_without_letters_is_refused_in_a_sentence(encoder: Counting, text: str) -> None:
    with pytest.raises(QueryError, match="no letters or digits"):
        understand(encoder, QueryInput(text=text))
    assert understand(encoder, QueryInput((RED,), text)).kind == "photo"


def test_empty_text_is_refused(encoder: Counting) -> None:
    for text in ("", "  ", "\u200b\x00"):
        with pytest.raises(QueryError, match="text is empty"):
            understand(encoder, QueryInput((RED,), text))


def test_an_empty_query_browses_and_needs_no_encoder(encoder: Counting, catalogue: CatalogueView) -> None:
    query = understand(encoder, QueryInput(), catalogue)
    assert query.is_empty
    assert (query.photo, query.text, query.terms, query.chips) == (None, None, {}, ())
    assert not understand(encoder, QueryInput((), "red"), catalogue).is_empty


def test_a_file_that_is_no_photo_is_refused(encoder: Counting) -> None:
    with pytest.raises(PhotoError):
        understand(encoder, QueryInput((b"no photo",)))
    with pytest.raises(PhotoError, match="cannot be read"):
        understand(encoder, QueryInput(("there-is-no-such-file.jpg",)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"without": "red"}, "says only what to avoid"),
        ({"disliked": ("1",)}, "says only what to avoid"),
        ({"text": "a" * 1_001}, "1001 characters; the maximum is 1000"),
        ({"text": "a", "without": "b" * 1_001}, "query's without has 1001"),
        ({"photos": (RED,) * (MAX_PHOTOS + 1)}, "17 photos; the maximum is 16"),
        ({"liked": ("1",) * (MAX_EXAMPLES + 1)}, "101 liked products"),
    ],
)
def test_requests_that_make_no_sense_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        QueryInput(**arguments)


@pytest.mark.parametrize(
    "text",
    ["红" * 1_000, "a " * 500, "price < 5 " * 99, "not " * 240, "\x00\x1b[31mred\u202e裙",
     "ＲＥＤ連衣裙", "-" * 999 + "a", "不要" * 400, "'; DROP TABLE product; --", "price < 300) OR (1 = 1", '"', "\\",
     "👗" * 500, "красное платье", "ドレス"],
)  # fmt: skip
def test_odd_words_are_understood(encoder: Counting, catalogue: CatalogueView, text: str) -> None:
    try:
        query = understand(encoder, QueryInput(text=text), catalogue)
    except QueryError as error:
        assert "no letters or digits" in str(error)  # noqa: PT017
    else:
        assert isinstance(query, Query)
        assert query.text is None or np.isfinite(query.text).all()
        assert query.is_empty is (query.text is None)
