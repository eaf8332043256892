// The choice of an order.

import { $, element } from "../browser/dom.js";
import { t } from "../browser/i18n.js";
import { go } from "../state/navigation.js";
import { countRefinements, hasIntent } from "../state/query.js";
import { shownAnswer, shownQuery } from "../state/shown.js";
import { store } from "../state/store.js";

/** @import { State } from "../types" */

const RELEVANCE = "relevance";

/** The order that was chosen, or that the words ask for. @param {State} state */
const currentSort = (state) => shownQuery(state).sort || (shownAnswer(state)?.sort ?? RELEVANCE);

/** @param {State} state */
function showSorts(state) {
  const sorts = state.offered?.sorts ?? [];
  const query = shownQuery(state);
  const current = currentSort(state);
  // Without a query and filters, the usual order is that of the start page.
  const usual = hasIntent(query) ? [["sort.relevance", RELEVANCE]]
    : countRefinements(query) ? [["sort.featured", RELEVANCE]] : [];
  const options = [...usual, ...sorts.map((sort) => [`sort.${sort}`, sort])].map(([name, sort]) =>
    element("option", { value: sort, selected: sort === current }, t(name)));
  $("sort").replaceChildren(...options);
  $("sort-label").hidden = !sorts.length;
}

/** Goes to an order; that of relevance is asked for only where the words ask for another. @param {string} sort */
function choose(sort) {
  const query = shownQuery(store.state);
  const asked = shownAnswer(store.state)?.constraints.some(({ kind }) => kind === "sort");
  go({ ...query, sort: sort === RELEVANCE && !asked ? "" : sort });
}

export function mountSort() {
  const select = $("sort", HTMLSelectElement);
  select.addEventListener("change", () => choose(select.value));
  store.watch((state) => [state.language, state.offered, shownQuery(state), shownAnswer(state)], showSorts);
}
