from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from snapshelf.errors import EvaluationError
from snapshelf.evaluation import EvaluationQuery, read_qrels, read_queries

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_queries_of_words_photos_and_both(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    photo = tmp_path / "photos" / "1.jpg"
    photo.write_bytes(b"")
    path = write(
        tmp_path,
        "queries.jsonl",
        '\ufeff{"_id": "a", "text": "红色连衣裙", "task": "title"}\n\n'
        '{"_id": 7, "image": "photos/1.jpg", "text": null}\n'
        '{"_id": "c", "text": "in blue", "image": "photos/1.jpg"}\n',
    )
    assert read_queries(path) == [
        EvaluationQuery("a", "红色连衣裙"),
        EvaluationQuery("7", None, photo),
        EvaluationQuery("c", "in blue", photo),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file has no queries"),
        ('{"_id": "a", "text": "x"}\nnope\n', r"queries\.jsonl:2: not JSON"),
        ('["a"]\n', r":1: not a JSON object"),
        ('{"text": "x"}\n', r':1: "_id" is missing'),
        ('{"_id": true, "text": "x"}\n', r':1: "_id" is missing'),
        ('{"_id": "a"}\n', r':1: neither "text" nor "image"'),
        ('{"_id": "a", "text": "  "}\n', r':1: neither "text" nor "image"'),
        ('{"_id": "a", "text": 5}\n', r':1: "text" is int; it must be a string'),
        ('{"_id": "a", "image": "gone.jpg"}\n', r":1: the photo .*gone\.jpg does not exist"),
        (
            '{"_id": "a", "text": "x"}\n\n{"_id": "a", "text": "y"}\n',
            r":3: the id 'a' was already used on line 1",
        ),
    ],
)
def test_a_bad_line_of_queries_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_queries(write(tmp_path, "queries.jsonl", text))


@pytest.mark.parametrize("read", [read_queries, read_qrels])
def test_a_file_that_cannot_be_read(tmp_path: Path, read) -> None:
    with pytest.raises(EvaluationError, match=r"gone\.txt: cannot be read \(No such file"):
        read(tmp_path / "gone.txt")
    with pytest.raises(EvaluationError, match=r"cannot be read \(Is a directory"):
        read(tmp_path)
    (tmp_path / "latin.txt").write_bytes(b"\xe9\n")
    with pytest.raises(EvaluationError, match=r"latin\.txt: not UTF-8 text"):
        read(tmp_path / "latin.txt")


def test_beir_and_trec_qrels(tmp_path: Path) -> None:
    beir = "query-id\tcorpus-id\tscore\r\nq1\tsku 1\t2\r\n\r\nq1\tb\t0\r\nq2\ta\t1\r\n"
    expected = {"q1": {"sku 1": 2, "b": 0}, "q2": {"a": 1}}
    assert read_qrels(write(tmp_path, "beir.tsv", beir)) == expected
    trec = "q1 0 sku1 2\nq1\t0\tb\t-1\n\nq2 Q0 a 1\n"
    assert read_qrels(write(tmp_path, "trec.txt", trec)) == {"q1": {"sku1": 2, "b": -1}, "q2": {"a": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"qrels\.tsv:1: expected BEIR"),
        ("query-id\tcorpus-id\tscore\n", "only a header and no judgements"),
        ("q1\ta\t1\n", r":1: expected BEIR .header query-id, corpus-id, score"),
        ("query-id\tcorpus-id\tscore\nq1\ta\n", r":2: expected"),
        ("query-id\tcorpus-id\tscore\nq1\t\t1\n", r":2: expected"),
        ("query-id\tcorpus-id\tscore\nq1\ta\t1.5\n", r":2: the relevance '1\.5' is not an integer"),
        (
            "query-id\tcorpus-id\tscore\nq1\ta\t1\nq1\ta\t0\n",
            r":3: product 'a' is judged twice for query 'q1'",
        ),
        ("q1 0 a 1\nq1 0 b\n", r":2: expected"),
    ],
)
def test_a_bad_line_of_qrels_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_qrels(write(tmp_path, "qrels.tsv", text))


def test_the_shared_fashion_files(shared: Path) -> None:
    queries = read_queries(shared / "data" / "fashion" / "queries.jsonl")
    qrels = read_qrels(shared / "data" / "fashion" / "qrels.tsv")
    assert [query.id for query in queries] == list(qrels)
    assert len(qrels) == 2_000
