"""Relaxation: no empty page because of a guess."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from snapshelf.index import Filter
from snapshelf.query import CATEGORY, Chip, Note, hard_filter
from snapshelf.search.facets import joined


def relaxed(
    chips: Sequence[Chip], base: Filter | None, count: Callable[[Filter | None], int]
) -> tuple[tuple[Chip, ...], tuple[Note, ...]]:
    """Soften hard chips, in turn, until some product matches.

    The first is a chip that no product meets at all, then the chip without which most products match; of equals, the
    last in the text. The kind of thing gives way last: "watch under 5" shows dearer watches, no cheap mugs. Filters and
    facet filters always hold, and where they alone leave nothing the chips stay as they are.

    Parameters
    ----------
    chips : sequence of Chip
    base : Filter or None
        What has to hold beside them.
    count : callable
        Counts the products that match.

    Returns
    -------
    chips : tuple of Chip
        The same, some of them soft now.
    notes : tuple of Note
        A note for each chip that was softened.
    """
    kept = list(chips)
    notes = []
    hard = [place for place, chip in enumerate(kept) if chip.hard]
    if not hard or count(joined(base, hard_filter(kept))) or not count(base):
        return tuple(kept), ()

    def priority(place: int) -> tuple[bool, bool, int, int]:
        is_impossible = not count(joined(base, hard_filter([kept[place]])))
        others = [chip for at, chip in enumerate(kept) if at != place]
        return is_impossible, kept[place].kind != CATEGORY, count(joined(base, hard_filter(others))), place

    while hard and not count(joined(base, hard_filter(kept))):
        place = max(hard, key=priority)
        hard.remove(place)
        kept[place] = replace(kept[place], hard=False)
        notes.append(
            Note(
                "relaxed",
                f"no product has {kept[place].where} with the rest, so it only moves products up",
                {"chip": kept[place].where, "text": kept[place].text},
            )
        )
    return tuple(kept), tuple(notes)
