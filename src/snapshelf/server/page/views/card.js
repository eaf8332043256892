// A product on the shelf.

import { $, element, find } from "../browser/dom.js";
import { counted, localised, money, t, translate } from "../browser/i18n.js";
import { go, openDetails } from "../state/navigation.js";
import { nothing, without } from "../state/query.js";
import { shownAnswer, shownQuery } from "../state/shown.js";
import { store } from "../state/store.js";

/** @import { Hit } from "../types" */

const template = $("card", HTMLTemplateElement);

/** Labels of a card's buttons by class; the title of the product completes them. */
const LABELS = { more: "similar", because: "why", like: "like", unlike: "unlike" };

/** @param {Hit} hit @param {boolean} withHeatMap */
function open(hit, withHeatMap) {
  const constraints = shownAnswer(store.state)?.constraints ?? [];
  openDetails({ hit, query: shownQuery(store.state), constraints, withHeatMap });
}

/** @param {string} id @param {"liked" | "disliked"} list */
function toggleTaste(id, list) {
  const query = shownQuery(store.state);
  const isChosen = query[list].includes(id);
  const others = { liked: without(query.liked, id), disliked: without(query.disliked, id) };
  go({ ...query, ...others, ...(isChosen ? {} : { [list]: [...others[list], id] }) });
}

/** @param {Hit} hit */
export function hitCard(hit) {
  const { product } = hit;
  const title = localised(product, "title");
  const card = find(/** @type {ParentNode} */ (template.content.cloneNode(true)), ".card");
  translate(card);
  card.dataset.id = product.id;

  const image = find(card, "img");
  image.setAttribute("src", hit.photo);
  image.addEventListener("load", () => card.classList.add("shown"), { once: true });
  image.addEventListener("error", () => card.classList.add("no-photo", "shown"), { once: true });

  find(card, "h3").textContent = title;
  find(card, ".brand-name").textContent = product.brand;
  find(card, ".price").textContent = product.price ? money(product.price) : "";
  if (hit.variants) {
    find(card, ".variants").textContent = counted("product.variants", hit.variants);
    find(card, ".variants").hidden = false;
  }
  if (product.availability !== "in_stock") {
    card.classList.add(product.availability);
    find(card, ".badge").textContent = t(`product.${product.availability}`);
    find(card, ".badge").hidden = false;
  }

  /** @param {string} name @param {() => void} onClick */
  const follow = (name, onClick) => {
    const button = find(card, `.${name}`);
    button.dataset.key = `${product.id} ${name}`;
    button.addEventListener("click", onClick);
    return button;
  };
  follow("open", () => open(hit, false)).setAttribute("aria-label", t("product.details", { title }));
  follow("because", () => open(hit, true));
  follow("more", () => go({ ...nothing, liked: [product.id] }));
  for (const [name, key] of Object.entries(LABELS)) {
    find(card, `.${name}`).setAttribute("aria-label", `${t(key)}: ${title}`);
  }
  const query = shownQuery(store.state);
  for (const [name, list] of /** @type {const} */ ([["like", "liked"], ["unlike", "disliked"]])) {
    const button = follow(name, () => toggleTaste(product.id, list));
    button.title = t(name);
    button.setAttribute("aria-pressed", String(query[list].includes(product.id)));
  }
  return card;
}

export const skeletonCard = () =>
  element("li", { className: "card skeleton", ariaHidden: "true" },
    element("span", { className: "stand" }, element("span", { className: "ghost" })),
    element("span", { className: "line" }),
    element("span", { className: "line short" }));
