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
from snapshelf.evaluation._personal import PersonalReport, Purchases, bench_personal
from snapshelf.evaluation._reliability import expected_calibration_error
from snapshelf.evaluation._report import MAX_DEPTH, Measurement, Mode, Report, Searchable, evaluate_shelf
from snapshelf.evaluation._verdict import (
    LEAST_QUERIES,
    LEVEL,
    TOLERANCE,
    CategoryFigures,
    Comparison,
    MixFigures,
    Outcome,
    Side,
    Verdict,
    judge,
    outcome_of,
    paired_intervals,
    simultaneous,
)

__all__ = [
    "LEAST_QUERIES",
    "LEVEL",
    "MAX_DEPTH",
    "TOLERANCE",
    "CategoryFigures",
    "Comparison",
    "EncoderTask",
    "EvaluationQuery",
    "Measurement",
    "Metric",
    "MixFigures",
    "Mode",
    "Outcome",
    "PersonalReport",
    "Purchases",
    "Qrels",
    "Report",
    "Run",
    "Scores",
    "Searchable",
    "Side",
    "Verdict",
    "Wording",
    "bench_personal",
    "bootstrap_interval",
    "evaluate",
    "evaluate_shelf",
    "expected_by_chance",
    "expected_calibration_error",
    "judge",
    "label_task",
    "look_alike_task",
    "measurements",
    "outcome_of",
    "paired_intervals",
    "parse_metrics",
    "read_qrels",
    "read_queries",
    "same_product_task",
    "simultaneous",
    "title_task",
]
