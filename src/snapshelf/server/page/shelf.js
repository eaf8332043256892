// What stands on the shelf: cards, why they are there, and the drawer with the details of one.

import { currentLanguage, known, money, number, own, t, translate } from "./i18n.js";

const template = document.getElementById("card");

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

export function card(hit, { onOpen, onSimilar }) {
  const made = template.content.cloneNode(true).firstElementChild;
  translate(made);
  const { product } = hit;
  const title = own(product, "title");
  const find = (selector) => made.querySelector(selector);

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
  if (product.availability !== "in_stock") {
    made.classList.add(product.availability);
    find(".badge").textContent = t(`product.${product.availability}`);
    find(".badge").hidden = false;
  }

  find(".more").addEventListener("click", () => onSimilar(product));
  find(".more").setAttribute("aria-label", `${t("similar")}: ${title}`);
  const because = find(".because");
  because.setAttribute("aria-label", `${t("why")}: ${title}`);
  because.addEventListener("click", () => showWhy(made, hit, because.getAttribute("aria-expanded") !== "true"));
  find(".why").addEventListener("click", () => showWhy(made, hit, false));
  return made;
}

export function showWhy(made, hit, open) {
  const panel = made.querySelector(".why");
  made.querySelector(".because").setAttribute("aria-expanded", String(open));
  panel.hidden = !open;
  panel.replaceChildren(...(open ? why(hit) : []));
}

// Whole thousandths that add up exactly to the rounded total, so that the sum on the page can be checked by eye.
function thousandths(values, total) {
  const floors = values.map((value) => Math.floor(value * 1000));
  let missing = Math.round(total * 1000) - floors.reduce((sum, value) => sum + value, 0);
  const byRest = values
    .map((value, index) => ({ index, rest: value * 1000 - floors[index] }))
    .sort((a, b) => b.rest - a.rest);
  for (const { index } of byRest) {
    if (missing <= 0) break;
    floors[index] += 1;
    missing -= 1;
  }
  return floors.map((value) => value / 1000);
}

function why(hit) {
  const names = Object.keys(hit.contributions);
  const exact = Object.values(hit.contributions);
  const shown = thousandths(exact, hit.score);
  const largest = Math.max(...exact.map(Math.abs), Number.EPSILON);
  const digits = { minimumFractionDigits: 3, maximumFractionDigits: 3 };

  const rows = names.map((name, index) => {
    const bar = element("span", { className: `bar bar-${name}` });
    bar.style.width = `${(100 * Math.abs(exact[index])) / largest}%`;
    bar.classList.toggle("negative", exact[index] < 0);
    const value = element("data", { className: "value", value: String(shown[index]) }, number(shown[index], digits));
    const label = known(`why.${name}`) ? t(`why.${name}`) : name;
    return element("li", {}, element("span", {}, label), value, element("span", { className: "track" }, bar));
  });
  const score = element("data", { className: "value", value: hit.score.toFixed(3) }, number(hit.score, digits));
  return [
    element("h4", {}, t("why.title")),
    element("ul", {}, ...rows),
    element("p", { className: "score" }, element("span", {}, t("why.score")), score),
  ];
}

export function skeletons(count) {
  return Array.from({ length: count }, () =>
    element("li", { className: "card skeleton", ariaHidden: "true" },
      element("span", { className: "stand" }, element("span", { className: "ghost" })),
      element("span", { className: "line" }),
      element("span", { className: "line short" })));
}

function attributeRows(attributes) {
  const other = currentLanguage() === "zh" ? "_en" : "_zh";
  return Object.entries(attributes)
    .filter(([name]) => !/^(title|description)_/.test(name) && !name.endsWith(other))
    .flatMap(([name, value]) => {
      const plain = name.replace(/_(en|zh)$/, "");
      const label = known(`attribute.${plain}`) ? t(`attribute.${plain}`) : plain.replaceAll("_", " ");
      const shown = Array.isArray(value) ? value.join(" · ") : typeof value === "number" ? number(value, { useGrouping: false }) : value;
      return [element("dt", {}, label), element("dd", {}, shown)];
    });
}

function stockOf(product) {
  if (product.availability === "in_stock" && product.stock !== null) return t("product.stock", { count: number(product.stock) });
  return t(`product.${product.availability}`);
}

export function details(hit, { onSimilar }) {
  const { product } = hit;
  const title = own(product, "title");
  const more = element("button", { type: "button", className: "primary" }, icon("similar"), t("product.similar"));
  more.addEventListener("click", () => onSimilar(product));
  const actions = element("p", { className: "actions" }, more);
  // A feed may hold any scheme; only a web address may become a link.
  if (/^https?:\/\//i.test(product.url)) {
    actions.append(element("a", { href: product.url, target: "_blank", rel: "noopener noreferrer" }, t("product.shop"), icon("out")));
  }
  const photo = element("img", { src: hit.photo, alt: title });
  photo.addEventListener("error", () => photo.parentElement.classList.add("no-photo"), { once: true });
  return [
    element("div", { className: "stand" }, photo),
    element("p", { className: "path" }, product.category.join(" › ")),
    element("h2", { id: "drawer-title" }, title),
    element("p", { className: "brand-name" }, product.brand),
    element("p", { className: "facts" },
      element("span", { className: "price" }, product.price ? money(product.price) : ""),
      element("span", { className: `stock ${product.availability}` }, stockOf(product))),
    actions,
    element("p", { className: "description" }, own(product, "description")),
    element("dl", {}, ...attributeRows(product.attributes)),
    element("p", { className: "id" }, product.id),
  ];
}
