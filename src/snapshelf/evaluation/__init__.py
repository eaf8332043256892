"""Evaluation: queries and qrels, metrics with intervals, calibration, experiments, off-policy estimates."""

from snapshelf.evaluation.bootstrap import bootstrap_interval
from snapshelf.evaluation.calibrate import CalibrationReport, KindReport, calibrate_shelf
from snapshelf.evaluation.encoder_tasks import (
    EncoderTask,
    Wording,
    label_task,
    measurements,
    same_product_task,
    similar_photo_task,
    title_task,
)
from snapshelf.evaluation.experiment_statistics import Proportion, preference, proportion
from snapshelf.evaluation.experiments import ExperimentReport, VariantReport, report_experiments
from snapshelf.evaluation.metrics import Metric, Run, Scores, evaluate, parse_metrics
from snapshelf.evaluation.off_policy import (
    Estimate,
    LoggedSamples,
    doubly_robust,
    ips,
    naive,
    snips,
    snips_ndcg,
)
from snapshelf.evaluation.off_policy_report import OffPolicyReport, evaluate_off_policy
from snapshelf.evaluation.personal_ranking import (
    PersonalReport,
    Purchases,
    SearchSetting,
    benchmark_personal_ranking,
)
from snapshelf.evaluation.position_bias import examination_from_swaps
from snapshelf.evaluation.qrels import EvaluationQuery, Qrels, read_qrels, read_queries
from snapshelf.evaluation.query_variations import Variation, add_typo, shuffle_words
from snapshelf.evaluation.ranking_model import RankingReport, evaluate_ranking
from snapshelf.evaluation.reliability import expected_calibration_error
from snapshelf.evaluation.report import (
    EvaluatedShelf,
    EvaluationReport,
    Measurement,
    Mode,
    evaluate_shelf,
)
from snapshelf.evaluation.verdict import (
    LEVEL,
    MIN_QUERIES,
    TOLERANCE,
    CategoryFigures,
    Comparison,
    MixFigures,
    Outcome,
    Side,
    Verdict,
    bonferroni_level,
    classify_difference,
    decide_rollout,
    paired_intervals,
)

__all__ = [
    "LEVEL",
    "MIN_QUERIES",
    "TOLERANCE",
    "CalibrationReport",
    "CategoryFigures",
    "Comparison",
    "EncoderTask",
    "Estimate",
    "EvaluatedShelf",
    "EvaluationQuery",
    "EvaluationReport",
    "ExperimentReport",
    "KindReport",
    "LoggedSamples",
    "Measurement",
    "Metric",
    "MixFigures",
    "Mode",
    "OffPolicyReport",
    "Outcome",
    "PersonalReport",
    "Proportion",
    "Purchases",
    "Qrels",
    "RankingReport",
    "Run",
    "Scores",
    "SearchSetting",
    "Side",
    "VariantReport",
    "Variation",
    "Verdict",
    "Wording",
    "add_typo",
    "benchmark_personal_ranking",
    "bonferroni_level",
    "bootstrap_interval",
    "calibrate_shelf",
    "classify_difference",
    "decide_rollout",
    "doubly_robust",
    "evaluate",
    "evaluate_off_policy",
    "evaluate_ranking",
    "evaluate_shelf",
    "examination_from_swaps",
    "expected_calibration_error",
    "ips",
    "label_task",
    "measurements",
    "naive",
    "paired_intervals",
    "parse_metrics",
    "preference",
    "proportion",
    "read_qrels",
    "read_queries",
    "report_experiments",
    "same_product_task",
    "shuffle_words",
    "similar_photo_task",
    "snips",
    "snips_ndcg",
    "title_task",
]
