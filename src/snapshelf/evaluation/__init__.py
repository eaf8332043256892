"""How good the search is: queries and relevance judgements, metrics, intervals, the random baseline."""

from snapshelf.evaluation.bootstrap import bootstrap_interval
from snapshelf.evaluation.calibrate import CalibrationReport, KindReport, calibrate_shelf
from snapshelf.evaluation.chance import expected_by_chance
from snapshelf.evaluation.encoder_tasks import (
    EncoderTask,
    Wording,
    label_task,
    look_alike_task,
    measurements,
    same_product_task,
    title_task,
)
from snapshelf.evaluation.experiment_statistics import Share, preference, share
from snapshelf.evaluation.experiments import ExperimentReport, VariantReport, report_experiments
from snapshelf.evaluation.files import EvaluationQuery, Qrels, read_qrels, read_queries
from snapshelf.evaluation.logged import OffPolicyReport, evaluate_off_policy
from snapshelf.evaluation.metrics import Metric, Run, Scores, evaluate, parse_metrics
from snapshelf.evaluation.off_policy import (
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
from snapshelf.evaluation.personal_ranking import PersonalReport, Purchases, SearchSetting, bench_personal
from snapshelf.evaluation.position_bias import examination_from_swaps
from snapshelf.evaluation.ranking_model import RankingReport, evaluate_ranking
from snapshelf.evaluation.reliability import expected_calibration_error
from snapshelf.evaluation.report import Measurement, Mode, Report, Searchable, evaluate_shelf
from snapshelf.evaluation.variations import Variation, in_other_order, vary, with_typo
from snapshelf.evaluation.verdict import (
    LEAST_QUERIES,
    LEVEL,
    TOLERANCE,
    CategoryFigures,
    Comparison,
    MixFigures,
    Outcome,
    Side,
    Verdict,
    label_impressions,
    outcome_of,
    paired_intervals,
    simultaneous,
)

__all__ = [
    "LEAST_EFFECTIVE",
    "LEAST_QUERIES",
    "LEVEL",
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
    "label_impressions",
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
