// A rack: recommended products in a row, each with the reason why it is there.

import { element, find, replaceKeepingFocus } from "../browser/dom.js";
import { currentLanguage, localised, money, t } from "../browser/i18n.js";
import { openDetails } from "../state/navigation.js";

/** @import { Hit, Recommendations } from "../types" */

const SKELETONS = 6;

/** @param {Hit} hit */
function item(hit) {
  const { product, photo, reason } = hit;
  const title = localised(product, "title");
  const image = element("img", { src: photo, alt: "", loading: "lazy", decoding: "async" });
  const stand = element("span", { className: "stand" }, image);
  image.addEventListener("error", () => stand.classList.add("no-photo"), { once: true });
  const ariaLabel = t("product.details", { title });
  const open = element("button", { type: "button", className: "open", ariaLabel }, stand);
  open.dataset.key = product.id;
  open.addEventListener("click", () => openDetails({ hit, query: null, constraints: [], withHeatMap: false }));
  const node = element("li", { className: "item" }, open,
    element("h4", {}, title),
    element("p", { className: "price" }, product.price ? money(product.price) : ""),
    element("p", { className: "reason" }, reason?.[currentLanguage()] ?? ""));
  node.dataset.id = product.id;
  return node;
}

const skeleton = () =>
  element("li", { className: "item skeleton", ariaHidden: "true" },
    element("span", { className: "stand" }, element("span", { className: "ghost" })),
    element("span", { className: "line" }),
    element("span", { className: "line short" }));

/**
 * Fills a rack as soon as the answer comes; until then it has its size already. Without an answer it is hidden.
 *
 * @param {HTMLElement} section
 * @param {Promise<Recommendations>} request
 */
export async function fillRack(section, request) {
  const list = find(section, "ul");
  section.hidden = false;
  section.setAttribute("aria-busy", "true");
  if (!list.children.length) list.replaceChildren(...Array.from({ length: SKELETONS }, skeleton));
  const hits = await request.then((answer) => answer.hits).catch(() => []);
  section.removeAttribute("aria-busy");
  section.hidden = !hits.length;
  replaceKeepingFocus(list, hits.map(item));
  list.scrollLeft = 0;
}

/** @param {string} title */
export const rack = (title) =>
  element("section", { className: "rack" },
    element("h3", {}, title),
    element("ul", { className: "items", ariaLabel: title }));
