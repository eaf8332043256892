"""Photos and words → vectors of one space."""

from snapshelf.encoders._description import ModelDescription, registry
from snapshelf.encoders._onnx import OnnxEncoder, load_encoder
from snapshelf.encoders._preprocess import square
from snapshelf.encoders._protocol import Encoder, Vectors

__all__ = ["Encoder", "ModelDescription", "OnnxEncoder", "Vectors", "load_encoder", "registry", "square"]
