"""The shop's own rules: what is boosted, buried, pinned, hidden or redirected, for which queries and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from snapshelf.errors import RuleError
from snapshelf.language import Lexicon, normalise, tokenize

FRONT = "front"
"""The page of the shop as it is browsed without any filter."""

MAX_RULES = 1_000
"""Most rules of a shop."""

_LAST_PLACE = 100
_Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]


def _quoted_id(value: Any) -> Any:
    """Refuse a number: YAML reads 0012 as 10."""
    if isinstance(value, int | float):
        raise ValueError(f"{value} is a number; put the id in quotes")
    return value


_Id: TypeAlias = Annotated[str, BeforeValidator(_quoted_id), Field(min_length=1, max_length=128)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Move(_Model):
    """Products that match the filter `where` get `by` more (boost) or less (bury)."""

    where: Annotated[str, Field(min_length=1)]
    by: Annotated[float, Field(gt=0, le=10)] = 0.1


class Rule(_Model):
    """A rule: when it applies, and what it does.

    Parameters
    ----------
    name : str
        Named wherever the rule has moved something.
    words : tuple of str
        It applies to queries that have all words of any of these phrases, in either language and any order.
    exactly : tuple of str
        It applies to queries that are any of these phrases, up to case and width.
    page : str or None
        It applies where the shop is browsed: ``front`` without any filter, otherwise with this filter and perhaps
        others. Without `words`, `exactly` and `page` it applies everywhere.
    since, until : datetime or None
        It applies from, and before, these moments; without an offset they are UTC.
    boost, bury : Move or None
    pin : mapping
        Place, from 1 to 100, → id of the product shown there if it matches the query's filters. A list fills the
        places from 1.
    hide : str, tuple of str or None
        A filter, or ids: these products are no hits.
    redirect : str or None
        Address that the shop's page may go to instead.
    """

    name: _Name
    words: tuple[str, ...] = ()
    exactly: tuple[str, ...] = ()
    page: Annotated[str, Field(min_length=1)] | None = None
    since: datetime | None = None
    until: datetime | None = None
    boost: Move | None = None
    bury: Move | None = None
    pin: dict[Annotated[int, Field(ge=1, le=_LAST_PLACE)], _Id] = Field(default_factory=dict)
    hide: str | tuple[_Id, ...] | None = None
    redirect: Annotated[str, Field(pattern=r"^(https?://|/)\S+$")] | None = None

    @field_validator("words", "exactly", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("words", "exactly")
    @classmethod
    def _say_something(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        for phrase in phrases:
            if not tokenize(phrase):
                raise ValueError(f"{phrase!r} has no word in it")
        return phrases

    @field_validator("since", "until")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

    @field_validator("hide", mode="before")
    @classmethod
    def _quoted_ids(cls, value: Any) -> Any:
        return [_quoted_id(id) for id in value] if isinstance(value, list) else value

    @field_validator("pin", mode="before")
    @classmethod
    def _from_the_first_place(cls, value: Any) -> Any:
        return dict(enumerate(value, 1)) if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if not (self.boost or self.bury or self.pin or self.hide or self.redirect):
            raise ValueError("it does nothing; give boost, bury, pin, hide or redirect")
        if self.page is not None and (self.words or self.exactly):
            raise ValueError(
                "it has a page and words; a page is browsed without words, so make two rules of it"
            )
        if self.since and self.until and self.since >= self.until:
            raise ValueError("it ends before it begins; until must be later than since")
        if len(set(self.pin.values())) < len(self.pin):
            raise ValueError("it pins the same product at two places")
        return self

    def is_on(self, moment: datetime) -> bool:
        """Whether the moment is within its window."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class _Case:
    """A phrase of a rule: queries that have all of `keys`, or that are `text`."""

    keys: frozenset[str]
    text: str | None = None

    def holds(self, keys: frozenset[str], text: str) -> bool:
        return text == self.text if self.text is not None else self.keys <= keys

    def implies(self, other: _Case) -> bool:
        """Whether the other holds for every query that this holds for."""
        if other.text is not None:
            return self.text == other.text
        return other.keys <= self.keys


class Rules:
    """The rules of a shop, in the order of their file; of two rules that cannot both be followed the earlier counts.

    Parameters
    ----------
    rules : sequence of Rule
    source : str
        Where they come from; error messages say it.
    lexicon : Lexicon or None
        Knows that 连衣裙 and "dress" mean the same; by default the bundled lexicon.

    Raises
    ------
    RuleError
        Two rules have the same name, or contradict each other for the same queries at the same time.
    """

    def __init__(
        self, rules: Sequence[Rule] = (), *, source: str = "rules", lexicon: Lexicon | None = None
    ) -> None:
        self._lexicon = lexicon or Lexicon.bundled()
        self._rules = [(rule, tuple(self._cases(rule))) for rule in rules]
        for number, rule in enumerate(rules):
            if rule.name in {other.name for other in rules[:number]}:
                raise RuleError(f"{source}: there are two rules named {rule.name!r}; rename one of them")
        for (first, cases), (second, others) in combinations(self._rules, 2):
            if (problem := _conflict(first, second)) and _meet(first, cases, second, others):
                raise RuleError(
                    f"{source}: the rules {first.name!r} and {second.name!r} contradict each other: {problem}; "
                    "change either of them, or the words or times for which it applies"
                )

    @classmethod
    def parse(cls, text: str, source: str = "rules.yaml", *, lexicon: Lexicon | None = None) -> Self:
        """Read rules from YAML: a list, or a list under ``rules:``.

        Raises
        ------
        RuleError
            It is no YAML, a rule has an unknown or unusable field, or the rules contradict each other.
        """
        try:
            content = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise RuleError(f"{source}: not valid YAML: {error}") from error
        if isinstance(content, dict) and content.keys() <= {"rules"}:
            content = content.get("rules")
        if content is None:
            content = []
        if not isinstance(content, list):
            raise RuleError(f"{source}: must be a list of rules, or a list under 'rules:'")
        if len(content) > MAX_RULES:
            raise RuleError(f"{source}: has {len(content):,} rules; {MAX_RULES:,} are the most")
        rules = [_read(entry, place, source) for place, entry in enumerate(content, 1)]
        return cls(rules, source=source, lexicon=lexicon)

    @classmethod
    def load(cls, path: Path, *, lexicon: Lexicon | None = None) -> Self:
        """Read rules from a YAML file; without the file there are none.

        Raises
        ------
        RuleError
            As `parse` does, or the file cannot be read.
        """
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            return cls(lexicon=lexicon)
        except (OSError, UnicodeDecodeError) as error:
            raise RuleError(f"{path}: cannot be read as UTF-8 text: {error}") from error
        return cls.parse(text, str(path), lexicon=lexicon)

    def __iter__(self) -> Iterator[Rule]:
        return (rule for rule, _ in self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def applying(self, text: str, moment: datetime | None = None) -> list[Rule]:
        """Return the rules that apply to a query now, or at another moment.

        Parameters
        ----------
        text : str
            The query's words; empty for a query of photos alone.
        moment : datetime or None
        """
        moment = moment or datetime.now(UTC)
        on = [(rule, cases) for rule, cases in self._rules if rule.is_on(moment)]
        if not on:
            return []
        normal = normalise(text)
        keys = self._keys(normal)
        return [rule for rule, cases in on if not cases or any(case.holds(keys, normal) for case in cases)]

    def _cases(self, rule: Rule) -> Iterator[_Case]:
        for phrase in rule.words:
            yield _Case(self._keys(normalise(phrase)))
        for phrase in rule.exactly:
            normal = normalise(phrase)
            yield _Case(self._keys(normal), normal)

    def _keys(self, normal: str) -> frozenset[str]:
        """Return what the text names in any language: its concepts, and its other words."""
        named = self._lexicon.find(normal)
        rest = list(normal)
        for match in named:
            rest[match.start : match.end] = " " * (match.end - match.start)
        # Where only stop words remain `tokenize` keeps them, but beside a concept they say nothing.
        others = set(tokenize("".join(rest))) & set(tokenize(normal))
        return frozenset({*(match.concept.term for match in named), *others})


def _read(entry: object, place: int, source: str) -> Rule:
    name = entry.get("name") if isinstance(entry, dict) else None
    where = f"{source}: rule {name!r}" if isinstance(name, str) and name else f"{source}: rule number {place}"
    try:
        return Rule.model_validate(entry)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        message = str(problem["msg"]).removeprefix("Value error, ")
        raise RuleError(f"{where}{f', {field}' if field else ''}: {message}") from error


def _meet(first: Rule, cases: Sequence[_Case], second: Rule, others: Sequence[_Case]) -> bool:
    """Whether some query of either rule always is a query of the other."""
    if first.until and second.since and first.until <= second.since:
        return False
    if second.until and first.since and second.until <= first.since:
        return False
    if first.page is not None and second.page is not None:
        return first.page == second.page
    if (first.page is not None and others) or (second.page is not None and cases):
        return False
    if not cases or not others:
        return True
    return any(mine.implies(theirs) or theirs.implies(mine) for mine in cases for theirs in others)


def _conflict(first: Rule, second: Rule) -> str | None:
    """Return what both rules cannot have together; None if there is no conflict."""
    for place in first.pin.keys() & second.pin.keys():
        if first.pin[place] != second.pin[place]:
            return f"both pin a product at place {place}"
    places = {id: place for place, id in first.pin.items()}
    for place, id in second.pin.items():
        if places.get(id, place) != place:
            return f"they pin the product {id!r} at the places {places[id]} and {place}"
    for pinning, hiding in ((first, second), (second, first)):
        if isinstance(hiding.hide, tuple) and (both := set(pinning.pin.values()) & set(hiding.hide)):
            return f"{pinning.name!r} pins the product {min(both)!r}, which {hiding.name!r} hides"
    for boosting, burying in ((first, second), (second, first)):
        if boosting.boost and burying.bury and boosting.boost.where == burying.bury.where:
            return f"{boosting.name!r} boosts what {burying.name!r} buries, {burying.bury.where}"
    if first.redirect and second.redirect and first.redirect != second.redirect:
        return f"they redirect to {first.redirect} and {second.redirect}"
    return None
