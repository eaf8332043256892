"""Photos and words → vectors of one space."""

from snapshelf.encoders._card import Card, Preprocessing, Tokenisation, write_card
from snapshelf.encoders._description import ModelDescription, registry
from snapshelf.encoders._onnx import OnnxEncoder, load_encoder
from snapshelf.encoders._preprocess import prepare, square
from snapshelf.encoders._protocol import Encoder, Vectors

__all__ = [
    "Card",
    "Encoder",
    "ModelDescription",
    "OnnxEncoder",
    "Preprocessing",
    "Tokenisation",
    "Vectors",
    "load_encoder",
    "prepare",
    "registry",
    "square",
    "write_card",
]
