// The shopper switch: who is looking, what is known of them, and forgetting it.

import * as api from "./api.js";
import { $, button, element } from "./dom.js";
import { counted, currentLanguage, number, own, t } from "./i18n.js";
import { forgetOwn, NOBODY, ownId, shopperId, useShopper } from "./who.js";

const MOST_VALUES = 4;
const MOST_RECENT = 6;

let offered = []; // shoppers of the server: [{ id, name_en, name_zh, likes_en, likes_zh }]
let onChange = () => {};
let known = null; // what is known of the shopper: null before it was asked for, {} for nothing

const isOffered = (id) => offered.find((one) => one.id === id);

// A browser that was another shopper's in another shop is nobody here.
function settle() {
  const id = shopperId();
  if (id && !isOffered(id) && id !== localStorage.getItem("shopper.own")) useShopper(NOBODY);
}

export function shopperName() {
  const id = shopperId();
  if (!id) return t("who.nobody");
  return isOffered(id)?.[`name_${currentLanguage()}`] ?? t("who.me");
}

export function showShopper() {
  $("who-name").textContent = shopperName();
  $("who-open").setAttribute("aria-label", t("who.open", { name: shopperName() }));
  $("who-open").classList.toggle("somebody", Boolean(shopperId()));
  if ($("who").open) showDialog();
}

function choice(id, name, likes) {
  const input = element("input", { type: "radio", name: "who", value: id, checked: id === shopperId() });
  input.addEventListener("change", () => choose(id));
  return element("label", { className: "person" }, input, element("b", {}, name), element("span", {}, likes));
}

function choices() {
  const language = currentLanguage();
  const mine = isOffered(shopperId()) || !shopperId() ? localStorage.getItem("shopper.own") ?? "browser" : shopperId();
  return [
    choice(NOBODY, t("who.nobody"), t("who.nobody.likes")),
    ...offered.map((one) => choice(one.id, one[`name_${language}`], one[`likes_${language}`])),
    choice(mine, t("who.me"), t("who.me.likes")),
  ];
}

async function choose(id) {
  useShopper(id === NOBODY || isOffered(id) ? id : ownId());
  known = null;
  showShopper();
  document.querySelector(`#who-choices input[value="${CSS.escape(shopperId())}"]`)?.focus();
  onChange();
  await ask();
}

// What is known of the shopper. Whether anything is known is asked first, for to ask for nothing is an error.
async function ask() {
  const id = shopperId();
  if (!id) return;
  const found = await api.recommended("recently-seen", { k: 1 })
    .then(({ personal }) => (personal ? api.profile(id) : {}))
    .catch(() => null);
  if (id !== shopperId()) return;
  known = found ?? { failed: true };
  if ($("who").open) showKnown();
}

export async function knownOf() {
  if (shopperId() && !known?.events) await ask();
  return known?.events ? known : null;
}

// After something was done, what was known is no longer all.
export function outdated() {
  known = null;
  if ($("who").open) ask();
}

const liked = (values) => Object.entries(values).filter(([, much]) => much > 0).slice(0, MOST_VALUES).map(([value]) => value);

const leaf = (path) => path.split(" > ").at(-1);

export const tastes = (profile) => ({
  colour: liked(profile.colour),
  category: liked(profile.category).map(leaf),
  brand: liked(profile.brand),
});

function row(label, values) {
  if (!values.length) return [];
  return [element("dt", {}, label), element("dd", {}, values.join(t("list.comma")))];
}

function showKnown() {
  const place = $("who-known");
  $("who-forget").hidden = !known?.events;
  if (!shopperId()) return place.replaceChildren(element("p", {}, t("who.known.nobody")));
  if (!known) return place.replaceChildren(element("p", {}, t("results.loading")));
  if (known.failed) return place.replaceChildren(element("p", {}, t("error.network")));
  if (!known.events) return place.replaceChildren(element("p", {}, t("who.known.nothing")));
  const { colour, category, brand } = tastes(known);
  const latest = [...new Map(known.recent.toReversed().map((one) => [one.product, one])).values()].slice(0, MOST_RECENT);
  place.replaceChildren(
    element("p", {}, counted("who.known.events", known.events)),
    element("dl", {},
      ...row(t("attribute.colour"), colour),
      ...row(t("field.category"), category),
      ...row(t("field.brand"), brand),
      ...row(t("who.known.bought"), Object.keys(known.bought).length ? [number(Object.keys(known.bought).length)] : [])),
    element("ul", { className: "latest" }, ...latest.map((one) => {
      const title = t(`event.${one.kind}`);
      const image = element("img", { src: api.photoOf(one.product), alt: "", loading: "lazy" });
      image.addEventListener("error", () => image.remove(), { once: true });
      return element("li", {}, image, element("span", {}, title));
    })));
}

function showDialog() {
  $("who-choices").replaceChildren(...choices());
  showKnown();
}

async function forget() {
  const id = shopperId();
  $("who-forget").disabled = true;
  try {
    await api.forget(id);
    known = {};
    // Who was forgotten is somebody new from now on.
    if (!isOffered(id)) {
      forgetOwn();
      useShopper(ownId());
    }
    $("live").textContent = t("who.forgotten");
    showShopper();
    $("who-known").replaceChildren(element("p", {}, t("who.forgotten")));
    $("who-choices").querySelector("input:checked")?.focus();
    onChange();
  } catch {
    $("who-known").append(element("p", { className: "wrong" }, t("error.network")));
  } finally {
    $("who-forget").disabled = false;
  }
}

export async function switchShoppers(changed) {
  onChange = changed;
  $("who-open").addEventListener("click", () => {
    showDialog();
    $("who").showModal();
    $("who-choices").querySelector("input:checked")?.focus();
    ask();
  });
  $("who-forget").addEventListener("click", forget);
  offered = await api.exampleShoppers().catch(() => []);
  settle();
  showShopper();
}

// ---- what a shopper does ----

// hit: a product in its place, with the query_id of the answer that it came with.
export function tell(action, hit) {
  if (!shopperId()) return Promise.resolve();
  return api.tell(action, hit).then(outdated);
}

// Buttons to put a product into the cart and to buy it; for nobody there are none.
export function cartButtons(hit) {
  if (!shopperId()) return [];
  const act = (action, label, done, className) => {
    const made = button({ className }, async () => {
      made.disabled = true;
      try {
        await tell(action, hit);
        made.textContent = t(done);
        $("live").textContent = `${t(done)}: ${own(hit.product, "title")}`;
      } catch {
        made.disabled = false;
        $("live").textContent = t("error.network");
      }
    }, t(label));
    return made;
  };
  return [
    act("cart", "cart.add", "cart.added", "secondary act"),
    act("purchase", "cart.buy", "cart.bought", "secondary act"),
  ];
}
