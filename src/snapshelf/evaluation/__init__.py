"""How good the search is: queries and relevance judgements, metrics, intervals, the random baseline."""

from snapshelf.evaluation._bootstrap import bootstrap_interval
from snapshelf.evaluation._chance import expected_by_chance
from snapshelf.evaluation._encoder_tasks import (
    EncoderTask,
    Wording,
    label_task,
    look_alike_task,
    measurements,
    same_product_task,
    title_task,
)
from snapshelf.evaluation._files import EvaluationQuery, Qrels, read_qrels, read_queries
from snapshelf.evaluation._metrics import Metric, Run, Scores, evaluate, parse_metrics
from snapshelf.evaluation._report import MAX_DEPTH, Measurement, Mode, Report, Searchable, evaluate_shelf

__all__ = [
    "MAX_DEPTH",
    "EncoderTask",
    "EvaluationQuery",
    "Measurement",
    "Metric",
    "Mode",
    "Qrels",
    "Report",
    "Run",
    "Scores",
    "Searchable",
    "Wording",
    "bootstrap_interval",
    "evaluate",
    "evaluate_shelf",
    "expected_by_chance",
    "label_task",
    "look_alike_task",
    "measurements",
    "parse_metrics",
    "read_qrels",
    "read_queries",
    "same_product_task",
    "title_task",
]
