// What is looked for beside the words, as chips that can be removed.

import { photoPath } from "../api/endpoints.js";
import { $, button, element, icon, replaceKeepingFocus } from "../browser/dom.js";
import { amount, currentLanguage, fieldName, t, valueName } from "../browser/i18n.js";
import { go } from "../state/navigation.js";
import { isValues, similarTo, unrefined, withFacetFilter, without } from "../state/query.js";
import { currencyOf, shownAnswer, shownQuery } from "../state/shown.js";
import { store } from "../state/store.js";

/** @import { Answer, NumberRange, Query, Constraint, State } from "../types" */

/**
 * @typedef {object} ChipOptions
 * @property {() => void} onRemove
 * @property {string} [kind] class names
 * @property {string} [title]
 * @property {HTMLElement | null} [picture]
 * @property {boolean} [isDismissed] removing the chip brings back what it stands for
 * @property {(() => void) | null} [onToggle] what a click on the label does
 * @property {boolean} [isPressed]
 */

/**
 * @param {string} label
 * @param {ChipOptions} options
 */
function chip(label, options) {
  const { kind = "", title = "", picture = null, isDismissed, onRemove, onToggle, isPressed } = options;
  const ariaLabel = t(isDismissed ? "chip.restore" : "chip.remove", { label });
  const what = onToggle
    ? button({ className: "what", ariaPressed: String(Boolean(isPressed)) }, onToggle, label)
    : element("span", { className: "what" }, label);
  what.dataset.key = label;
  return element("span", { className: `tag ${kind}`.trim(), title }, picture, what,
    button({ className: "remove", ariaLabel }, onRemove, icon(isDismissed ? "plus" : "close")));
}

/** @param {Query} query */
function tasteChips(query) {
  /** @param {"like" | "unlike"} kind @param {"liked" | "disliked"} list */
  const chipsOf = (kind, list) => query[list].map((id) => chip(t(`chip.${kind}`), {
    kind,
    title: id,
    picture: element("img", { src: photoPath(id), alt: "" }),
    onRemove: () => go({ ...query, [list]: without(query[list], id) }),
  }));
  const chips = [...chipsOf("like", "liked"), ...chipsOf("unlike", "disliked")];
  if (query.without) {
    const onRemove = () => go({ ...query, without: "" });
    chips.push(chip(t("chip.without", { text: query.without }), { kind: "unlike", onRemove }));
  }
  return chips;
}

/**
 * A constraint read from the words: preferred, or required at a click.
 *
 * @param {Query} query
 * @param {Constraint} constraint
 */
function constraintChip(query, { where, labels, text, hard, kind }) {
  const isRequired = query.required.includes(where);
  const others = without(query.required, where);
  return chip(labels[currentLanguage()] ?? text, {
    kind: hard ? "read" : isRequired ? "read only" : "read soft",
    title: t(kind === "sort" ? "chip.sort" : hard || isRequired ? "chip.hard" : "chip.soft", { words: text }),
    isPressed: isRequired,
    onToggle: hard ? null : () => go({ ...query, required: isRequired ? others : [...others, where] }),
    onRemove: () => go({ ...query, required: others, dismissed: [...query.dismissed, where] }),
  });
}

/** @param {string} field @param {NumberRange} range @param {string | null} currency */
function rangeName(field, { low, high }, currency) {
  if (low === null) return high === null ? "" : t("range.upto", { high: amount(field, high, currency) });
  if (high === null) return t("range.from", { low: amount(field, low, currency) });
  return t("range.between", { low: amount(field, low, currency), high: amount(field, high, currency) });
}

/** @param {Query} query @param {Answer | null} answer */
function filterChips(query, answer) {
  const chips = Object.entries(query.facetFilters).flatMap(([field, filter]) => {
    /** @param {string} value @param {string[] | null} rest */
    const filterChip = (value, rest) => {
      const onRemove = () => go(withFacetFilter(query, field, rest));
      return chip(t("chip.choice", { field: fieldName(field), value }), { kind: "choice", onRemove });
    };
    if (!isValues(filter)) return [filterChip(rangeName(field, filter, currencyOf(answer)), null)];
    const values = answer?.facets.find((facet) => facet.field === field)?.values ?? [];
    return filter.map((value) => {
      const named = values.find((candidate) => String(candidate.value) === value) ?? { value, labels: null };
      return filterChip(valueName(field, named), without(filter, value));
    });
  });
  if (query.where) chips.push(chip(query.where, { kind: "choice code", onRemove: () => go({ ...query, where: "" }) }));
  return chips;
}

/** @param {State} state */
function chipsFor(state) {
  const query = shownQuery(state);
  const answer = shownAnswer(state);
  const chips = [
    ...tasteChips(query),
    ...(answer?.constraints ?? []).map((constraint) => constraintChip(query, constraint)),
    ...query.dismissed.map((constraint) => {
      const onRemove = () => go({ ...query, dismissed: without(query.dismissed, constraint) });
      return chip(constraint, { kind: "dropped", isDismissed: true, onRemove });
    }),
    ...filterChips(query, answer),
  ];
  if (chips.length < 2) return chips;
  const tastes = similarTo(query) ? {} : { liked: [], disliked: [] };
  const clear = () => go({ ...unrefined(query), without: "", ...tastes });
  return [...chips, button({ className: "clear" }, clear, t("chip.clear"))];
}

/** @param {State} state */
function showChips(state) {
  const chips = chipsFor(state);
  replaceKeepingFocus($("chips"), chips);
  $("chips").hidden = !chips.length;
}

export function mountChips() {
  store.watch((state) => [state.language, shownQuery(state), shownAnswer(state)], showChips);
}
