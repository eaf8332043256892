"""The public face is what it is meant to be, and nothing more."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

import snapshelf

ROOMS = {
    "snapshelf": {
        "AddReport", "Chip", "FacetChoice", "FacetRequest", "FacetResult", "HeatMap", "Hit", "Note", "Price",
        "Product", "Range", "Recommendation", "RecommendationReason",
        "RecommendationResponse", "RowError", "SearchResponse", "Shelf", "ShelfStats", "SnapshelfError", "WhyNot",
        "errors",
    },
    "snapshelf.encoders": {
        "Card", "Check", "Encoder", "ModelDescription", "OnnxEncoder", "Preprocessing", "PullRecord", "Speed",
        "Tokenisation", "Tokeniser", "Vectors", "available_encoders", "benchmark_encoder", "check_encoder",
        "encoder_folder", "encoders_home", "load_encoder", "preprocess_photo", "providers_available", "pull",
        "read_processor", "registry", "stretch_to_square", "write_card",
    },
    "snapshelf.query": {
        "CONSTRAINED_TEXT_LENGTH", "CONSTRAINT_BOOST", "CatalogueView", "Chip", "ConstraintMode",
        "DECODED_SIDE", "FieldKind", "Fields", "MAX_EXAMPLES", "MAX_FILTER_LENGTH", "MAX_PHOTOS",
        "MAX_TEXT_LENGTH", "Note", "PhotoInput", "PhotoVectorLookup", "Query", "QueryInput", "QueryKind",
        "UnderstandingSettings", "decode_photo_input", "hard_filter", "parse_filter", "resolve_field",
        "understand", "write_filter",
    },
    "snapshelf.search": {
        "CALIBRATION", "Calibration", "Chosen", "Corpus", "Curve", "Evidence", "Experiment", "FacetChoice",
        "FacetField", "FacetKind", "FacetRequest", "FacetResult", "FirstPage", "GROUP", "HeatMap", "Hit",
        "MAX_BINS", "MAX_K", "MAX_RELATED", "MAX_SUGGESTIONS", "MAX_VALUES", "Merchandising", "Mode", "Page",
        "Personaliser", "Products", "Range", "RankedResults", "RankingAssignment", "RankingSettings", "Rule",
        "RuleFile", "Rules", "SETTINGS", "SIGNALS", "SearchOptions", "SearchPlan", "SearchRequest",
        "SearchResponse", "SearchService", "SearchSettings", "Side", "Signal", "Sort", "WEIGHTED", "WINDOWS", "Weights",
        "WhyNot", "check_filters", "count_facets", "diversified", "facet_fields", "heat_map", "hits_of",
        "joined", "matched_words", "occlusion_map", "page_token", "query_digest", "read_choices",
        "read_page_token", "read_sort", "relaxed", "search", "why_not",
    },
    "snapshelf.language": {
        "Change", "Completion", "Completions", "Concept", "Correction", "Lexicon", "Match", "Quantity",
        "QuantityKind", "Vocabulary", "correct", "normalise", "quantities", "search_terms", "tokenize",
        "warm_up_correction",
    },
}  # fmt: skip


@pytest.mark.parametrize("room", ROOMS)
def test_exported_names_are_exactly_the_intended_ones(room: str) -> None:
    module = importlib.import_module(room)
    assert set(module.__all__) == ROOMS[room]
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_the_package_knows_its_names_only() -> None:
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        snapshelf.nothing_of_the_kind  # noqa: B018
    assert set(dir(snapshelf)) == set(snapshelf.__all__)


@pytest.mark.parametrize(
    "room", [*ROOMS, "snapshelf.catalogue", "snapshelf.index", "snapshelf.evaluation", "snapshelf.server"]
)
def test_public_things_are_documented(room: str) -> None:
    module = importlib.import_module(room)
    for name in module.__all__:
        thing = getattr(module, name)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        assert thing.__doc__, f"{room}.{name} has no docstring"
        if inspect.isclass(thing):
            for method, value in vars(thing).items():
                if inspect.isfunction(value) and not method.startswith("_"):
                    assert value.__doc__, f"{room}.{name}.{method} has no docstring"


def test_every_error_descends_from_the_root() -> None:
    for name in snapshelf.errors.__all__:
        assert issubclass(getattr(snapshelf.errors, name), snapshelf.SnapshelfError)


def test_the_package_loads_no_runtime_before_it_is_needed() -> None:
    heavy = ("onnxruntime", "sqlalchemy", "fastapi", "torch")
    code = f"import sys, snapshelf; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
