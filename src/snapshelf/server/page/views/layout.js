// Which view is shown, where the filters stand, and what all dialogs have in common.

import { $, find } from "../browser/dom.js";
import { go } from "../state/navigation.js";
import { nothing } from "../state/query.js";
import { isHome } from "../state/shown.js";
import { store } from "../state/store.js";

/** @import { State } from "../types" */

const refine = $("refine", HTMLDialogElement);

/** Where there is room, the filters stand beside the results; elsewhere they come over them. */
const isWide = matchMedia("(min-width: 1000px)");

/** Shows the filters where they are not shown already. */
export function showFilters() {
  if (!isWide.matches && !refine.open) refine.showModal();
}

function placeFilters() {
  refine.close();
  if (isWide.matches) refine.setAttribute("open", "");
}

/** @param {State} state */
function showView(state) {
  const home = isHome(state);
  document.body.dataset.view = home ? "home" : "results";
  $("results").hidden = home;
  $("examples").hidden = !home || !state.examples.length;
  $("for-you").hidden = !home || !state.stats?.products;
  $("shop").hidden = !home || !state.stats?.products;
  if (home) document.title = "Snapshelf";
}

/** A click beside a dialog closes it, and so do its buttons for that. @param {HTMLDialogElement} dialog */
function letClose(dialog) {
  dialog.addEventListener("click", ({ target }) => {
    const isBeside = target === dialog && dialog.matches(":modal");
    if (isBeside || (target instanceof Element && target.closest("[data-close]"))) dialog.close();
  });
}

export function mountLayout() {
  isWide.addEventListener("change", placeFilters);
  placeFilters();
  $("refine-open").addEventListener("click", showFilters);
  for (const dialog of document.querySelectorAll("dialog")) letClose(dialog);

  find(document, ".brand").addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(nothing);
    $("words").focus();
  });
  // As a link it would be an entry of the history, without the photos.
  find(document, ".skip").addEventListener("click", (event) => {
    event.preventDefault();
    (isHome(store.state) ? find(document, "main") : $("results")).focus();
  });
  store.watch((state) => [isHome(state), state.examples, state.stats], showView);
}
