// A rack: recommended products in a row, each with the reason why it is there.

import { element } from "./dom.js";
import { currentLanguage, money, own, t } from "./i18n.js";

const GHOSTS = 6;

// What the drawer shows of a recommended product: a hit without a question.
export const asHit = (one, answer) => ({
  ...one,
  relevance: null,
  matched: [],
  facts: [],
  rules: [],
  variants: 0,
  query_id: answer.query_id,
  recommended: answer.kind,
});

function item(one, answer, onOpen) {
  const { product } = one;
  const title = own(product, "title");
  const image = element("img", { src: one.photo, alt: "", loading: "lazy", decoding: "async" });
  const stand = element("span", { className: "stand" }, image);
  image.addEventListener("error", () => stand.classList.add("no-photo"), { once: true });
  const open = element("button", { type: "button", className: "open" }, stand);
  open.setAttribute("aria-label", t("product.details", { title }));
  open.addEventListener("click", () => onOpen(asHit(one, answer)));
  const made = element("li", { className: "item" }, open,
    element("h4", {}, title),
    element("p", { className: "price" }, product.price ? money(product.price) : ""),
    element("p", { className: "reason" }, one.reason[currentLanguage()]));
  made.dataset.id = product.id;
  return made;
}

const ghost = () =>
  element("li", { className: "item skeleton", ariaHidden: "true" },
    element("span", { className: "stand" }, element("span", { className: "ghost" })),
    element("span", { className: "line" }),
    element("span", { className: "line short" }));

// Fills a rack as soon as the answer comes; until then it has its size already. Returns what was answered.
export async function fill(rack, asked, onOpen) {
  const list = rack.querySelector("ul");
  rack.hidden = false;
  rack.setAttribute("aria-busy", "true");
  if (!list.children.length) list.replaceChildren(...Array.from({ length: GHOSTS }, ghost));
  const answer = await asked.catch((error) => (error.name === "AbortError" ? undefined : null));
  if (answer === undefined) return null;
  rack.removeAttribute("aria-busy");
  rack.hidden = !answer?.products.length;
  list.replaceChildren(...(answer?.products ?? []).map((one) => item(one, answer, onOpen)));
  list.scrollLeft = 0;
  return answer;
}

export function rack(title) {
  const list = element("ul", { className: "items" });
  list.setAttribute("aria-label", title);
  return element("section", { className: "rack" }, element("h3", {}, title), list);
}
