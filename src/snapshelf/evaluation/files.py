"""Readers for the files of an evaluation: BEIR queries, BEIR or TREC relevance judgements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from snapshelf.errors import EvaluationError

Qrels: TypeAlias = Mapping[str, Mapping[str, int]]
"""Query id → product id → relevance. 0 and below is "not relevant", 1 and above is a grade."""

_BEIR_HEADER = ["query-id", "corpus-id", "score"]


@dataclass(frozen=True, slots=True)
class EvaluationQuery:
    """One query of an evaluation: words, a photo, or both for a composed query."""

    id: str
    text: str | None = None
    image: Path | None = None


def read_queries(path: str | Path) -> list[EvaluationQuery]:
    """Read queries in BEIR's JSON lines.

    Each line is an object with ``_id`` and ``text`` and/or ``image``, the path of a photo relative to
    the file. Other keys are ignored, empty lines too.

    Raises
    ------
    EvaluationError
        The file cannot be read, holds no query, or a line is no such object, repeats an id or names a
        photo that is not there; with file and line.
    """
    path = Path(path)
    seen: dict[str, int] = {}
    queries = []
    for number, line in _lines(path):
        query = _query(line, path.parent, f"{path}:{number}")
        if (first := seen.setdefault(query.id, number)) != number:
            raise EvaluationError(f"{path}:{number}: the id {query.id!r} was already used on line {first}")
        queries.append(query)
    if not queries:
        raise EvaluationError(f"{path}: no queries in it; each line must be like " + _QUERY_EXAMPLE)
    return queries


_QUERY_EXAMPLE = '{"_id": "q1", "text": "red dress", "image": "photos/q1.jpg"} (text, image or both)'


def _query(line: str, folder: Path, where: str) -> EvaluationQuery:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{where}: not JSON ({error}); a line must be like {_QUERY_EXAMPLE}") from error
    if not isinstance(fields, dict):
        raise EvaluationError(f"{where}: not a JSON object; a line must be like {_QUERY_EXAMPLE}")
    name = fields.get("_id")
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not name:
        raise EvaluationError(f'{where}: "_id" is missing or no text; a line must be like {_QUERY_EXAMPLE}')
    text = _text(fields, "text", where)
    image = _text(fields, "image", where)
    if text is None and image is None:
        raise EvaluationError(f'{where}: neither "text" nor "image"; a line must be like {_QUERY_EXAMPLE}')
    photo = None if image is None else folder / image
    if photo is not None and not photo.is_file():
        raise EvaluationError(f"{where}: there is no photo {photo}; paths are relative to the queries file")
    return EvaluationQuery(name, text, photo)


def _text(fields: dict[str, Any], key: str, where: str) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise EvaluationError(f'{where}: "{key}" is {type(value).__name__}, it must be a text')
    return value if value.strip() else None


def read_qrels(path: str | Path) -> dict[str, dict[str, int]]:
    """Read relevance judgements as BEIR's three columns or TREC's four.

    BEIR: separated by tabs, first line ``query-id  corpus-id  score``. TREC: separated by white space, no
    header, ``query iteration document relevance``. Relevance is a whole number; 0 and below is "not
    relevant". Empty lines are ignored.

    Raises
    ------
    EvaluationError
        The file cannot be read, holds no judgement, or a line has other columns, no whole number, or
        judges a pair again; with file and line.
    """
    path = Path(path)
    qrels: dict[str, dict[str, int]] = {}
    lines = _lines(path)
    number, first = next(lines, (1, ""))
    beir = [part.strip() for part in first.split("\t")] == _BEIR_HEADER
    if not beir:
        _judge(qrels, first.split(), f"{path}:{number}")
    for number, line in lines:
        parts = line.rstrip("\r\n").split("\t") if beir else line.split()
        _judge(qrels, [*parts[:1], "0", *parts[1:]] if beir else parts, f"{path}:{number}")
    if not qrels:
        raise EvaluationError(f"{path}: no judgements in it, only the header")
    return qrels


def _judge(qrels: dict[str, dict[str, int]], parts: list[str], where: str) -> None:
    if len(parts) != 4 or not all(parts):
        raise EvaluationError(
            f"{where}: expected the header query-id, corpus-id, score and then these three columns separated "
            "by tabs (BEIR), or query, iteration, document, relevance separated by white space (TREC)"
        )
    query, _, document, relevance = parts
    try:
        grade = int(relevance)
    except ValueError:
        raise EvaluationError(f"{where}: the relevance {relevance!r} is no whole number") from None
    if document in qrels.setdefault(query, {}):
        raise EvaluationError(f"{where}: product {document!r} was already judged for query {query!r}")
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
