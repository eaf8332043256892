"""How good the search is: queries and relevance judgements, metrics, intervals, the random baseline."""

from snapshelf.evaluation._bootstrap import bootstrap_interval
from snapshelf.evaluation._calibrate import CalibrationReport, KindReport, calibrate_shelf
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
from snapshelf.evaluation._experiments import Share, preference, share
from snapshelf.evaluation._files import EvaluationQuery, Qrels, read_qrels, read_queries
from snapshelf.evaluation._logged import OffPolicyReport, evaluate_off_policy
from snapshelf.evaluation._metrics import Metric, Run, Scores, evaluate, parse_metrics
from snapshelf.evaluation._offpolicy import (
    LEAST_EFFECTIVE,
    Estimate,
    Logged,
    doubly_robust,
    ips,
    naive,
    snips,
    snips_ndcg,
    trusted,
)
from snapshelf.evaluation._personal import PersonalReport, Purchases, SearchSetting, bench_personal
from snapshelf.evaluation._position import examination_from_swaps
from snapshelf.evaluation._ranking import RankingReport, evaluate_ranking
from snapshelf.evaluation._reliability import expected_calibration_error
from snapshelf.evaluation._report import MAX_DEPTH, Measurement, Mode, Report, Searchable, evaluate_shelf
from snapshelf.evaluation._traffic import ExperimentReport, VariantReport, report_experiments
from snapshelf.evaluation._variations import Variation, in_other_order, vary, with_typo
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
    "LEAST_EFFECTIVE",
    "LEAST_QUERIES",
    "LEVEL",
    "MAX_DEPTH",
    "TOLERANCE",
    "CalibrationReport",
    "CategoryFigures",
    "Comparison",
    "EncoderTask",
    "Estimate",
    "EvaluationQuery",
    "ExperimentReport",
    "KindReport",
    "Logged",
    "Measurement",
    "Metric",
    "MixFigures",
    "Mode",
    "OffPolicyReport",
    "Outcome",
    "PersonalReport",
    "Purchases",
    "Qrels",
    "RankingReport",
    "Report",
    "Run",
    "Scores",
    "SearchSetting",
    "Searchable",
    "Share",
    "Side",
    "VariantReport",
    "Variation",
    "Verdict",
    "Wording",
    "bench_personal",
    "bootstrap_interval",
    "calibrate_shelf",
    "doubly_robust",
    "evaluate",
    "evaluate_off_policy",
    "evaluate_ranking",
    "evaluate_shelf",
    "examination_from_swaps",
    "expected_by_chance",
    "expected_calibration_error",
    "in_other_order",
    "ips",
    "judge",
    "label_task",
    "look_alike_task",
    "measurements",
    "naive",
    "outcome_of",
    "paired_intervals",
    "parse_metrics",
    "preference",
    "read_qrels",
    "read_queries",
    "report_experiments",
    "same_product_task",
    "share",
    "simultaneous",
    "snips",
    "snips_ndcg",
    "title_task",
    "trusted",
    "vary",
    "with_typo",
]
