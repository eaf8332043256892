"""Words in the languages of a shop: inflections, stop words, compounds and other spellings."""

from __future__ import annotations

import time

import pytest

from snapshelf.language import Vocabulary, WordForms, correct, index_terms, query_words
from snapshelf.language.languages import latin_languages, of_script, stem_in

SHOPS = {
    "de": (
        "Wasserflasche aus Edelstahl 1 Liter",
        "Trinkflasche für Kinder",
        "Flasche aus Glas",
        "Wasser still 6er",
        "Herren Laufschuhe schwarz",
        "Schuh Größe 42",
        "Häuser aus Holz",
        "Damen Winterjacke mit Kapuze",
        "Schreibtischlampe LED",
        "Lampe für den Tisch",
        "Kaffeemaschine mit Mahlwerk",
        "Arbeitshose Herren",
        "Magnetische Tafel, elastisch",
        "Müller Milch",
    ),
    "nl": (
        "Waterfles van roestvrij staal",
        "Fles voor kinderen",
        "Hardloopschoenen heren zwart",
        "Boten van hout",
    ),
    "sv": (
        "Vattenflaska i rostfritt stål",
        "Löparskor herr svart",
        "Ryggsäck för barn",
        "Grå soffa med stol",
    ),
    "da": ("Vandflaske i rustfrit stål", "Løbesko herre sort", "Køkkenkniv", "Rygsæk til børn"),
    "fr": (
        "Chaussures de course homme",
        "Bouteille d'eau en acier",
        "Robe d'été pour femme",
        "Sac à dos enfant noir",
    ),
    "es": (
        "Zapatos de mujer rojos",
        "Botella de agua de acero",
        "Cuchillo de cocina para niños",
        "Sábanas algodón",
    ),
    "it": ("Scarpe da corsa uomo", "Bottiglia d'acqua in acciaio", "Coltello da cucina", "Zaino per bambini"),
    "pt": ("Sapatos femininos vermelhos", "Garrafa de água em aço", "Faca de cozinha", "Calções de banho"),
    "pl": ("Buty do biegania męskie", "Butelka na wodę", "Sukienka letnia damska", "Plecak dziecięcy czarny"),
    "fi": ("Vesipullo ruostumaton teräs", "Juoksukengät miesten musta", "Lasten reppu", "Harmaa sohva"),
    "ru": ("Кроссовки мужские чёрные", "Платье красное", "Бутылка для воды"),
    "el": ("Παπούτσια ανδρικά μαύρα", "Τσάντα γυναικεία"),
    "en": (
        "Stainless steel water bottle",
        "Xiaomi Powerbank 10000",
        "Laptop stand",
        "Women tops",
        "Post card",
    ),
}


def has(query: str, title: str, forms: WordForms) -> bool:
    terms = set().union(*index_terms(title))
    return all(
        any(terms.issuperset(alternative) for alternative in word.alternatives)
        for word in query_words(query, None, forms)
    )


@pytest.mark.parametrize("code", SHOPS)
def test_the_languages_of_a_shop_are_recognised_by_all_its_texts(code: str) -> None:
    languages = [language.code for language in WordForms(Vocabulary.of(SHOPS[code])).languages]
    assert languages == ([] if code == "en" else [code])


def test_a_few_foreign_words_are_no_language() -> None:
    titles = [f"{word} {number}" for number in range(100) for word in ("Red shirt", "Blue dress for women")]
    titles += ["Le Creuset pot", "La Senza bra", "Eau de parfum pour homme", "Uomo by Zegna", "Der Dutchman"]
    assert WordForms(Vocabulary.of(titles)).languages == ()


@pytest.mark.parametrize(
    ("code", "query", "title"),
    [
        ("de", "schuhe", "Schuh Größe 42"),
        ("de", "haus", "Häuser aus Holz"),
        ("de", "jacken für damen", "Damen Winterjacke mit Kapuze"),
        ("es", "zapato rojo de mujer", "Zapatos de mujer rojos"),
        ("es", "sabana", "Sábanas algodón"),
        ("fr", "chaussure", "Chaussures de course homme"),
        ("fr", "la robe de l'été", "Robe d'été pour femme"),
        ("it", "scarpa", "Scarpe da corsa uomo"),
        ("pt", "calção", "Calções de banho"),
        ("nl", "boot", "Boten van hout"),
        ("pl", "sukienki", "Sukienka letnia damska"),
        ("ru", "красные платья", "Платье красное"),
        ("el", "παπούτσι", "Παπούτσια ανδρικά μαύρα"),
    ],
)
def test_a_query_meets_other_inflections(code: str, query: str, title: str) -> None:
    assert has(query, title, WordForms(Vocabulary.of(SHOPS[code])))


@pytest.mark.parametrize(
    ("code", "query", "title"),
    [
        ("de", "flasche", "Wasserflasche aus Edelstahl 1 Liter"),
        ("de", "flaschen", "Trinkflasche für Kinder"),
        ("de", "schuhe", "Herren Laufschuhe schwarz"),
        ("de", "hose", "Arbeitshose Herren"),
        ("de", "kaffee maschine", "Kaffeemaschine mit Mahlwerk"),
        ("de", "wasserflasche", "Flasche für Wasser"),
        ("de", "maschine", "Kaffeemaschine mit Mahlwerk"),
        ("nl", "fles", "Waterfles van roestvrij staal"),
        ("nl", "schoen", "Hardloopschoenen heren zwart"),
        ("sv", "flaska", "Vattenflaska i rostfritt stål"),
        ("da", "kniv", "Køkkenkniv"),
        ("fi", "pullo", "Vesipullo ruostumaton teräs"),
        ("en", "power bank", "Xiaomi Powerbank 10000"),
    ],
)
def test_a_query_meets_compounds_with_the_word(code: str, query: str, title: str) -> None:
    assert has(query, title, WordForms(Vocabulary.of(SHOPS[code])))


@pytest.mark.parametrize(
    ("code", "query", "title"),
    [
        ("de", "lasche", "Trinkflasche für Kinder"),
        ("de", "asche", "Flasche aus Glas"),
        ("de", "tisch", "Magnetische Tafel, elastisch"),
        ("de", "wasser", "Flasche aus Glas"),
        ("en", "top", "Laptop stand"),
        ("en", "poster", "Post card"),
    ],
)
def test_what_only_looks_like_a_part_is_none(code: str, query: str, title: str) -> None:
    assert not has(query, title, WordForms(Vocabulary.of(SHOPS[code])))


@pytest.mark.parametrize("query", ["müller", "muller", "mueller"])
@pytest.mark.parametrize("title", ["Müller Milch", "Muller Milch", "Mueller Milch"])
def test_umlauts_are_written_in_three_ways(query: str, title: str) -> None:
    assert has(query, title, WordForms(Vocabulary.of([title])))


def test_stop_words_of_the_languages_are_no_words_of_a_query() -> None:
    forms = WordForms(Vocabulary.of(SHOPS["fr"]))
    assert [word.text for word in query_words("sac pour la dame", None, forms)] == ["sac", "dame"]
    assert [word.text for word in query_words("pour la", None, forms)] == ["pour", "la"]
    assert [word.text for word in query_words("pour la", None, WordForms(Vocabulary()))] == ["pour", "la"]


@pytest.mark.parametrize("query", ["schuhe", "flaschen", "jacken", "mueller"])
def test_other_forms_of_the_shops_words_are_no_slips(query: str) -> None:
    assert correct(query, Vocabulary.of(SHOPS["de"])) is None


def test_forms_follow_the_vocabulary() -> None:
    vocabulary = Vocabulary.of(SHOPS["es"])
    assert "camisas" not in WordForms.of(vocabulary).forms("camisa")
    vocabulary.add(["Camisas de hombre"])
    assert "camisas" in WordForms.of(vocabulary).forms("camisa")
    vocabulary.remove(["Camisas de hombre"])
    assert "camisas" not in WordForms.of(vocabulary).forms("camisa")


def test_fast_enough_for_a_query() -> None:
    forms = WordForms(Vocabulary.of(SHOPS["de"]))
    query = "wasserflasche aus edelstahl für kinder mit trinkhalm schwarz"
    query_words(query, None, forms)
    start = time.process_time()
    for _ in range(100):
        query_words(query, None, forms)
    # ~0.2 ms on one 2020s core; the margin is for loaded machines
    assert (time.process_time() - start) / 100 < 2e-3


def test_pairs_between_chinese_words_of_the_shop_do_not_count() -> None:
    forms = WordForms(Vocabulary.of(["雅川 青", "海湖 青", "原野 款"]))
    assert [word.text for word in query_words("雅川海湖")] == ["雅川", "川海", "海湖"]
    assert [word.text for word in query_words("雅川海湖", None, forms)] == ["雅川", "海湖"]
    assert [word.text for word in query_words("雅川纠缠", None, forms)] == ["雅川", "川纠", "纠缠"]


def test_every_language_has_its_stemmer() -> None:
    for language in {*latin_languages(), *map(of_script, "яωعकஅա")}:
        assert language is not None
        assert stem_in(language, "x") == "x"
