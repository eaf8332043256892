"""Synthetic data to try Snapshelf without a feed: a drawn catalogue, shoppers' photos, simulated shoppers."""

from __future__ import annotations

from snapshelf.demo.behaviour import PERSONAS, Behaviour, Persona, simulate
from snapshelf.demo.files import DemoFiles, write_demo
from snapshelf.demo.products import DemoProduct, draw_catalogue
from snapshelf.demo.shopper import shopper_photo

__all__ = [
    "PERSONAS",
    "Behaviour",
    "DemoFiles",
    "DemoProduct",
    "Persona",
    "draw_catalogue",
    "shopper_photo",
    "simulate",
    "write_demo",
]
