// The choice of an order.

import { $, element } from "../browser/dom.js";
import { t } from "../browser/i18n.js";
import { go } from "../state/navigation.js";
import { shownQuery } from "../state/shown.js";
import { store } from "../state/store.js";

/** @import { State } from "../types" */

/** @param {State} state */
function showSorts(state) {
  const sorts = state.offered?.sorts ?? [];
  const { sort: current } = shownQuery(state);
  const options = ["", ...sorts].map((sort) =>
    element("option", { value: sort, selected: sort === current }, t(`sort.${sort || "relevance"}`)));
  $("sort").replaceChildren(...options);
  $("sort-label").hidden = !sorts.length;
}

export function mountSort() {
  const select = $("sort", HTMLSelectElement);
  select.addEventListener("change", () => go({ ...shownQuery(store.state), sort: select.value }));
  store.watch((state) => [state.language, state.offered, shownQuery(state).sort], showSorts);
}
