"""Photos and words → vectors of one space."""

from snapshelf.encoders._card import Card, Preprocessing, Tokenisation, write_card
from snapshelf.encoders._description import ModelDescription, folder_of, home, registry
from snapshelf.encoders._examine import Check, Speed, bench, examine
from snapshelf.encoders._hub import pull
from snapshelf.encoders._layouts import read_processor
from snapshelf.encoders._load import encoders_there_are, load_encoder
from snapshelf.encoders._onnx import OnnxEncoder
from snapshelf.encoders._preprocess import prepare, square
from snapshelf.encoders._protocol import Encoder, Vectors
from snapshelf.encoders._providers import providers_available
from snapshelf.encoders._pulled import Pulled
from snapshelf.encoders._tokenise import Tokeniser

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
