"""Settings of query understanding; a shop sets them in ``search.yaml`` under ``understanding``."""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator

ConstraintMode: TypeAlias = Literal["hard", "soft", "off"]
"""A constraint read from the words filters, boosts matching products, or is ignored."""

_DEFAULT_MODES: dict[str, ConstraintMode] = {
    "price": "hard",
    "size": "hard",
    "volume": "hard",
    "weight": "hard",
    "length": "hard",
    "memory": "hard",
    "screen": "hard",
    "power": "hard",
    "voltage": "hard",
    "battery": "hard",
    "frequency": "hard",
    "pixels": "hard",
    "resolution": "hard",
    "category": "hard",
    "brand": "soft",
    "colour": "soft",
    "gender": "soft",
    "material": "soft",
    "occasion": "soft",
    "pattern": "soft",
    "season": "soft",
    "style": "soft",
    "usage": "soft",
}
_DEFAULT_BOOSTS: dict[str, float] = {"category": 0.2, "colour": 0.2, "gender": 0.2, "brand": 0.2}
_DEFAULT_BOOST = 0.1


class UnderstandingSettings(BaseModel):
    """Settings of `understand`.

    Parameters
    ----------
    read : bool
        Read constraints from the words; otherwise the words are used unchanged.
    correct : bool
        Correct sure spelling errors and propose corrections of possible errors.
    constraints : mapping
        Kind → ``"hard"``, ``"soft"`` or ``"off"``. Kinds are those of the lexicon, ``"brand"``, and those of
        quantities: ``"price"``, ``"size"`` and those of measures (``"volume"``, ``"memory"``, ``"screen"`` …). Other
        kinds keep their default: quantities and categories filter, all other kinds boost. The former name ``facts`` is
        accepted.
    excluded : "hard", "soft" or "off"
        Mode of constraints that the words exclude ("not red", 不要红色).
    boosts : mapping
        Kind → boost of the score of a product that satisfies a soft constraint, ≥ 0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    read: bool = True
    correct: bool = True
    constraints: dict[str, ConstraintMode] = Field(
        default_factory=dict, validate_default=True, validation_alias=AliasChoices("constraints", "facts")
    )
    excluded: ConstraintMode = "hard"
    boosts: dict[str, float] = Field(default_factory=dict, validate_default=True)

    @field_validator("constraints", mode="after")
    @classmethod
    def _add_default_modes(cls, constraints: dict[str, ConstraintMode]) -> dict[str, ConstraintMode]:
        return _DEFAULT_MODES | constraints

    @field_validator("boosts", mode="after")
    @classmethod
    def _add_default_boosts(cls, boosts: dict[str, float]) -> dict[str, float]:
        for kind, boost in boosts.items():
            if not 0 <= boost < float("inf"):
                raise ValueError(f"the boost of {kind} is {boost}; give a finite number ≥ 0")
        return _DEFAULT_BOOSTS | boosts

    @classmethod
    def plain(cls) -> Self:
        """Return settings that use the words unchanged: no constraints, no spelling correction."""
        return cls(read=False, correct=False)

    def mode(self, kind: str) -> ConstraintMode:
        """Return the mode of a kind of constraint; kinds added by a shop's lexicon are soft."""
        return self.constraints.get(kind, "soft")

    def boost(self, kind: str) -> float:
        """Return the boost of a soft constraint of a kind."""
        return self.boosts.get(kind, _DEFAULT_BOOST)
