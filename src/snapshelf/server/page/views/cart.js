// Buttons to put a product into the cart and to buy it. The demo has no cart: what counts is that it is recorded.

import { button } from "../browser/dom.js";
import { localised, t } from "../browser/i18n.js";
import { announce } from "../browser/live.js";
import { recordInteraction } from "../state/shopper.js";
import { store } from "../state/store.js";

/** @import { Action, Hit } from "../types" */

/** @param {Hit} hit @param {Action} action @param {{ label: string, done: string }} texts */
function actionButton(hit, action, { label, done }) {
  const node = button({ className: "secondary act" }, async () => {
    node.disabled = true;
    try {
      await recordInteraction(action, hit);
      node.textContent = done;
      announce(`${done}: ${localised(hit.product, "title")}`);
    } catch {
      node.disabled = false;
      announce(t("error.network"));
    }
  }, label);
  return node;
}

/** None for a guest, of whom nothing is recorded. @param {Hit} hit */
export function cartButtons(hit) {
  if (!store.state.shopper) return [];
  return [
    actionButton(hit, "cart", { label: t("cart.add"), done: t("cart.added") }),
    actionButton(hit, "purchase", { label: t("cart.buy"), done: t("cart.bought") }),
  ];
}
