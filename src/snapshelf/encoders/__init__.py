"""Encoders: photos and texts → vectors of a joint space."""

from snapshelf.encoders.card import Card, Preprocessing, Tokenisation, write_card
from snapshelf.encoders.checks import Check, Speed, benchmark_encoder, check_encoder
from snapshelf.encoders.description import ModelDescription, encoder_folder, encoders_home, registry
from snapshelf.encoders.hub import pull
from snapshelf.encoders.layouts import read_processor
from snapshelf.encoders.load import available_encoders, load_encoder
from snapshelf.encoders.onnx import OnnxEncoder
from snapshelf.encoders.preprocess import preprocess_photo, stretch_to_square
from snapshelf.encoders.protocol import Encoder, Vectors
from snapshelf.encoders.providers import providers_available
from snapshelf.encoders.pull_record import PullRecord
from snapshelf.encoders.tokenise import Tokeniser

__all__ = [
    "Card",
    "Check",
    "Encoder",
    "ModelDescription",
    "OnnxEncoder",
    "Preprocessing",
    "PullRecord",
    "Speed",
    "Tokenisation",
    "Tokeniser",
    "Vectors",
    "available_encoders",
    "benchmark_encoder",
    "check_encoder",
    "encoder_folder",
    "encoders_home",
    "load_encoder",
    "preprocess_photo",
    "providers_available",
    "pull",
    "read_processor",
    "registry",
    "stretch_to_square",
    "write_card",
]
