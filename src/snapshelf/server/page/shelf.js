// What stands on the shelf: the cards.

import { element } from "./dom.js";
import { counted, money, own, t, translate } from "./i18n.js";

const template = document.getElementById("card");

export function card(hit, { onOpen, onWhy, onSimilar, onTaste, taste }) {
  const made = template.content.cloneNode(true).firstElementChild;
  translate(made);
  const { product } = hit;
  const title = own(product, "title");
  const find = (selector) => made.querySelector(selector);
  made.dataset.id = product.id;

  const image = find("img");
  image.src = hit.photo;
  image.addEventListener("load", () => made.classList.add("shown"), { once: true });
  image.addEventListener("error", () => made.classList.add("no-photo", "shown"), { once: true });

  const open = find(".open");
  open.setAttribute("aria-label", t("product.details", { title }));
  open.addEventListener("click", () => onOpen(hit));

  find("h3").textContent = title;
  find(".brand-name").textContent = product.brand;
  find(".price").textContent = product.price ? money(product.price) : "";
  if (hit.variants) {
    find(".variants").textContent = counted("product.variants", hit.variants);
    find(".variants").hidden = false;
  }
  if (product.availability !== "in_stock") {
    made.classList.add(product.availability);
    find(".badge").textContent = t(`product.${product.availability}`);
    find(".badge").hidden = false;
  }

  const named = { more: "similar", because: "why", like: "like", unlike: "unlike" };
  for (const [name, key] of Object.entries(named)) find(`.${name}`).setAttribute("aria-label", `${t(key)}: ${title}`);
  find(".more").addEventListener("click", () => onSimilar(product));
  find(".because").addEventListener("click", () => onWhy(hit));
  for (const name of ["like", "unlike"]) {
    find(`.${name}`).title = t(name);
    find(`.${name}`).setAttribute("aria-pressed", String(taste === name));
    find(`.${name}`).addEventListener("click", () => onTaste(product, taste === name ? null : name));
  }
  return made;
}

export function skeletons(count) {
  return Array.from({ length: count }, () =>
    element("li", { className: "card skeleton", ariaHidden: "true" },
      element("span", { className: "stand" }, element("span", { className: "ghost" })),
      element("span", { className: "line" }),
      element("span", { className: "line short" })));
}
