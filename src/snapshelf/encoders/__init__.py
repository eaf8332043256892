"""Photos and words → vectors of one space."""

from snapshelf.encoders.card import Card, Preprocessing, Tokenisation, write_card
from snapshelf.encoders.description import ModelDescription, folder_of, home, registry
from snapshelf.encoders.examination import Check, Speed, bench, examine
from snapshelf.encoders.hub import pull
from snapshelf.encoders.layouts import read_processor
from snapshelf.encoders.load import encoders_there_are, load_encoder
from snapshelf.encoders.onnx import OnnxEncoder
from snapshelf.encoders.preprocess import prepare, square
from snapshelf.encoders.protocol import Encoder, Vectors
from snapshelf.encoders.providers import providers_available
from snapshelf.encoders.pulled import Pulled
from snapshelf.encoders.tokenise import Tokeniser

__all__ = [
    "Card",
    "Check",
    "Encoder",
    "ModelDescription",
    "OnnxEncoder",
    "Preprocessing",
    "Pulled",
    "Speed",
    "Tokenisation",
    "Tokeniser",
    "Vectors",
    "bench",
    "encoders_there_are",
    "examine",
    "folder_of",
    "home",
    "load_encoder",
    "prepare",
    "providers_available",
    "pull",
    "read_processor",
    "registry",
    "square",
    "write_card",
]
