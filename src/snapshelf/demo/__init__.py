"""A catalogue drawn by the program itself, to try Snapshelf without a feed."""

from __future__ import annotations

from snapshelf.demo._behaviour import PERSONAS, Behaviour, Persona, examination, simulate
from snapshelf.demo._files import DemoFiles, write_demo
from snapshelf.demo._products import DemoProduct, draw_catalogue
from snapshelf.demo._shopper import shopper_photo

__all__ = [
    "PERSONAS",
    "Behaviour",
    "DemoFiles",
    "DemoProduct",
    "Persona",
    "draw_catalogue",
    "examination",
    "shopper_photo",
    "simulate",
    "write_demo",
]
