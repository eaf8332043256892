// The drawer: the details of a product, over the page.

import { $ } from "../browser/dom.js";
import { closeDetails } from "../state/navigation.js";
import { store } from "../state/store.js";
import { productDetails } from "./product-details.js";

/** @import { State } from "../types" */

const dialog = $("drawer", HTMLDialogElement);

/** @param {State} state */
function showDrawer({ drawer }) {
  const details = drawer[drawer.length - 1];
  if (!details) return dialog.close();
  const isSame = dialog.dataset.details === details.id; // only the language has changed
  const { scrollTop } = dialog;
  $("drawer-content").replaceChildren(...productDetails(details, { isSame }));
  dialog.dataset.details = details.id;
  if (!dialog.open) dialog.showModal();
  else if (!isSame) $("drawer-title").focus(); // what had the focus is gone
  dialog.scrollTop = isSame ? scrollTop : 0;
  if (details.withHeatMap && !isSame) $("why").scrollIntoView();
}

export function mountDrawer() {
  dialog.addEventListener("close", () => {
    delete dialog.dataset.details;
    closeDetails();
  });
  store.watch(({ language, drawer }) => [language, drawer], showDrawer);
}
