// The panel of filters: a facet for each field that narrows the results down.

import { $, element, replaceKeepingFocus } from "../browser/dom.js";
import { counted, fieldName, number } from "../browser/i18n.js";
import { countRefinements, isValues } from "../state/query.js";
import { currencyOf, shownAnswer, shownQuery } from "../state/shown.js";
import { store } from "../state/store.js";
import { rangeFacet } from "./range-facet.js";
import { valueFacet } from "./value-facet.js";

/** @import { Answer, Facet, Query, State } from "../types" */

const OPEN_AT_FIRST = 6;

/** @param {Facet} facet @param {Query} query */
function isWorthShowing({ field, kind, edges, counts, values }, query) {
  if (field in query.facetFilters) return true;
  return kind === "numbers" ? counts.length > 1 && edges[edges.length - 1] > edges[0] : values.length > 1;
}

/** @param {Facet} facet @param {number} index @param {Query} query @param {Answer} answer */
function section(facet, index, query, answer) {
  const { field, kind } = facet;
  const filter = query.facetFilters[field];
  const chosen = !filter ? 0 : isValues(filter) ? filter.length : 1;
  const content = kind === "numbers" ? rangeFacet(facet, query, currencyOf(answer)) : valueFacet(facet, query);
  const count = chosen ? element("span", { className: "count" }, number(chosen)) : null;
  const summary = element("summary", {}, element("span", {}, fieldName(field)), count);
  summary.dataset.key = field;
  const open = store.state.facets.open[field] ?? (index < OPEN_AT_FIRST || chosen > 0);
  const details = element("details", { className: "facet", open }, summary, ...content);
  details.dataset.field = field;
  details.addEventListener("toggle", () => store.setFacetOpen(field, details.open));
  return details;
}

/** Scrolled lists of values by field. */
const scrolledLists = () => [...$("facets").querySelectorAll(".facet")].flatMap((facet) => {
  const list = facet.querySelector(".values.long");
  const field = facet instanceof HTMLElement ? facet.dataset.field : undefined;
  return list && field ? [{ list, field }] : [];
});

/** @param {State} state */
function showFacets(state) {
  const answer = shownAnswer(state);
  if (!answer) return; // the last ones stay until others come
  const query = shownQuery(state);
  const scrolled = new Map(scrolledLists().map(({ list, field }) => [field, list.scrollTop]));
  const facets = answer.facets.filter((facet) => isWorthShowing(facet, query));
  replaceKeepingFocus($("facets"), facets.map((facet, index) => section(facet, index, query, answer)));
  for (const { list, field } of scrolledLists()) list.scrollTop = scrolled.get(field) ?? 0;
  $("refine").classList.toggle("without-facets", !facets.length);
  $("refine-show").textContent = counted("refine.show", answer.total);
}

/** @param {State} state */
function showCount(state) {
  const count = countRefinements(shownQuery(state));
  $("refine-count").hidden = !count;
  $("refine-count").textContent = number(count);
}

export function mountFacets() {
  store.watch((state) => [state.language, shownQuery(state), shownAnswer(state)], (state) => {
    showFacets(state);
    showCount(state);
  });
}
