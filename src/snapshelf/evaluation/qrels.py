"""Read evaluation files: queries (BEIR) and relevance judgements (qrels in BEIR or TREC format)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from snapshelf.errors import EvaluationError

Qrels: TypeAlias = Mapping[str, Mapping[str, int]]
"""Query id → product id → grade; ≤ 0 is "not relevant", ≥ 1 is relevant."""

_BEIR_HEADER = ["query-id", "corpus-id", "score"]


@dataclass(frozen=True, slots=True)
class EvaluationQuery:
    """A query of an evaluation: words, a photo, or both."""

    id: str
    text: str | None = None
    image: Path | None = None


def read_queries(path: str | Path) -> list[EvaluationQuery]:
    """Read queries in BEIR's JSON Lines format.

    Each line is an object with ``_id`` and ``text`` and/or ``image``, the path of a photo relative to the file. Other
    keys and empty lines are ignored.

    Raises
    ------
    EvaluationError
        The file cannot be read or has no queries, or a line has another format, repeats an id or names a missing
        photo. The message names file and line.
    """
    path = Path(path)
    seen: dict[str, int] = {}
    queries = []
    for number, line in _lines(path):
        query = _parse_query(line, path.parent, f"{path}:{number}")
        if (first := seen.setdefault(query.id, number)) != number:
            raise EvaluationError(f"{path}:{number}: the id {query.id!r} was already used on line {first}")
        queries.append(query)
    if not queries:
        raise EvaluationError(f"{path}: the file has no queries; write each line like " + _QUERY_EXAMPLE)
    return queries


_QUERY_EXAMPLE = '{"_id": "q1", "text": "red dress", "image": "photos/q1.jpg"} (text, image or both)'


def _parse_query(line: str, folder: Path, where: str) -> EvaluationQuery:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{where}: not JSON ({error}); write a line like {_QUERY_EXAMPLE}") from error
    if not isinstance(fields, dict):
        raise EvaluationError(f"{where}: not a JSON object; write a line like {_QUERY_EXAMPLE}")
    name = fields.get("_id")
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not name:
        raise EvaluationError(
            f'{where}: "_id" is missing or not a string; write a line like {_QUERY_EXAMPLE}'
        )
    text = _text_field(fields, "text", where)
    image = _text_field(fields, "image", where)
    if text is None and image is None:
        raise EvaluationError(f'{where}: neither "text" nor "image"; write a line like {_QUERY_EXAMPLE}')
    photo = None if image is None else folder / image
    if photo is not None and not photo.is_file():
        raise EvaluationError(
            f"{where}: the photo {photo} does not exist; write paths relative to the queries file"
        )
    return EvaluationQuery(name, text, photo)


def _text_field(fields: dict[str, Any], key: str, where: str) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise EvaluationError(f'{where}: "{key}" is {type(value).__name__}; it must be a string')
    return value if value.strip() else None


def read_qrels(path: str | Path) -> dict[str, dict[str, int]]:
    """Read relevance judgements (qrels) in BEIR's three or TREC's four columns.

    BEIR: tab-separated, first line ``query-id  corpus-id  score``. TREC: separated by white space, without header,
    ``query iteration document relevance``. Grades are integers; ≤ 0 is "not relevant". Empty lines are ignored.

    Raises
    ------
    EvaluationError
        The file cannot be read or has no judgements, or a line has other columns, a grade that is no integer, or
        repeats a pair. The message names file and line.
    """
    path = Path(path)
    qrels: dict[str, dict[str, int]] = {}
    lines = _lines(path)
    number, first = next(lines, (1, ""))
    beir = [part.strip() for part in first.split("\t")] == _BEIR_HEADER
    if not beir:
        _add_judgement(qrels, first.split(), f"{path}:{number}")
    for number, line in lines:
        parts = line.rstrip("\r\n").split("\t") if beir else line.split()
        _add_judgement(qrels, [*parts[:1], "0", *parts[1:]] if beir else parts, f"{path}:{number}")
    if not qrels:
        raise EvaluationError(f"{path}: the file has only a header and no judgements")
    return qrels


def _add_judgement(qrels: dict[str, dict[str, int]], parts: list[str], where: str) -> None:
    if len(parts) != 4 or not all(parts):
        raise EvaluationError(
            f"{where}: expected BEIR (header query-id, corpus-id, score, then these three columns separated by tabs) "
            "or TREC (query, iteration, document, relevance, separated by white space)"
        )
    query, _, document, relevance = parts
    try:
        grade = int(relevance)
    except ValueError:
        raise EvaluationError(f"{where}: the relevance {relevance!r} is not an integer") from None
    if document in qrels.setdefault(query, {}):
        raise EvaluationError(
            f"{where}: product {document!r} is judged twice for query {query!r}; remove a line"
        )
    qrels[query][document] = grade


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from error
