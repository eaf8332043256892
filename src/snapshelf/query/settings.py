"""How a query's words are understood; a shop sets it in ``search.yaml`` under ``understanding``."""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator

Use: TypeAlias = Literal["hard", "soft", "off"]
"""A fact read from the words filters, adds to the score of what matches, or is left alone."""

_USES: dict[str, Use] = {
    "price": "hard",
    "size": "hard",
    "volume": "hard",
    "weight": "hard",
    "length": "hard",
    "brand": "soft",
    "category": "soft",
    "colour": "soft",
    "gender": "soft",
    "material": "soft",
    "occasion": "soft",
    "pattern": "soft",
    "season": "soft",
    "style": "soft",
    "usage": "soft",
}
_BOOSTS: dict[str, float] = {"category": 0.2, "colour": 0.2, "gender": 0.2, "brand": 0.2}
_USUAL_BOOST = 0.1


class Understanding(BaseModel):
    """Settings of `understand`.

    Parameters
    ----------
    read : bool
        Read facts from the words; otherwise the words are taken as they are.
    correct : bool
        Correct what is surely mistyped, and propose a correction of what may be.
    facts : mapping
        Kind → ``"hard"``, ``"soft"`` or ``"off"``. Kinds are those of the lexicon, ``"brand"``, and those of
        quantities: ``"price"``, ``"size"``, ``"volume"``, ``"weight"``, ``"length"``. Kinds that are not named keep
        their usual use: what has a number filters, everything else adds to the score.
    excluded : "hard", "soft" or "off"
        What is done with facts that the words rule out ("not red", 不要红色).
    boosts : mapping
        Kind → what a soft fact adds to the score of a product that has it, ≥ 0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    read: bool = True
    correct: bool = True
    facts: dict[str, Use] = Field(default_factory=dict, validate_default=True)
    excluded: Use = "hard"
    boosts: dict[str, float] = Field(default_factory=dict, validate_default=True)

    @field_validator("facts", mode="after")
    @classmethod
    def _over_the_usual(cls, facts: dict[str, Use]) -> dict[str, Use]:
        return _USES | facts

    @field_validator("boosts", mode="after")
    @classmethod
    def _boosts(cls, boosts: dict[str, float]) -> dict[str, float]:
        for kind, boost in boosts.items():
            if not 0 <= boost < float("inf"):
                raise ValueError(f"the boost of {kind} is {boost}; it must be a number from 0")
        return _BOOSTS | boosts

    @classmethod
    def plain(cls) -> Self:
        """Take the words as they are: no facts are read from them and nothing is corrected."""
        return cls(read=False, correct=False)

    def use(self, kind: str) -> Use:
        """What is done with facts of a kind; those of kinds that a shop's lexicon adds are soft."""
        return self.facts.get(kind, "soft")

    def boost(self, kind: str) -> float:
        """What a soft fact of a kind adds to the score."""
        return self.boosts.get(kind, _USUAL_BOOST)
