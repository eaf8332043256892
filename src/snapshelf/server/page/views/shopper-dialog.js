// Who is looking: the choice of a shopper, what is known of them, and forgetting it.

import { photoPath } from "../api/endpoints.js";
import { $, element, find, replaceKeepingFocus } from "../browser/dom.js";
import { counted, listed, number, t } from "../browser/i18n.js";
import { announce } from "../browser/live.js";
import { chooseShopper, exampleShopper, forgetShopper, GUEST, loadProfile } from "../state/shopper.js";
import { store } from "../state/store.js";
import { shopperName } from "./shopper-name.js";

/** @import { Profile, State } from "../types" */

const MAX_RECENT = 6;
const ME = "browser"; // the value of the choice while this browser has no id

const dialog = $("who", HTMLDialogElement);

/** @param {string} id @param {string} name @param {string} likes @param {boolean} checked */
function choice(id, name, likes, checked) {
  const input = element("input", { type: "radio", name: "who", value: id, checked });
  input.dataset.key = id || "guest";
  input.addEventListener("change", () => chooseShopper(id === GUEST || exampleShopper(id) ? id : null));
  return element("label", { className: "person" }, input, element("b", {}, name), element("span", {}, likes));
}

/** @param {State} state */
function choices({ language, shopper, exampleShoppers }) {
  const isMe = Boolean(shopper) && !exampleShopper(shopper);
  return [
    choice(GUEST, t("who.guest"), t("who.guest.likes"), !shopper),
    ...exampleShoppers.map(({ id, name, likes }) => choice(id, name[language], likes[language], id === shopper)),
    choice(ME, t("who.me"), t("who.me.likes"), isMe),
  ];
}

/** @param {string} label @param {string[]} values */
const row = (label, values) =>
  (values.length ? [element("dt", {}, label), element("dd", {}, listed(values))] : []);

/** The latest products, each with what was done last. @param {Profile} profile */
function recentItems({ recent }) {
  const products = [...new Set(recent.map(({ product }) => product))].slice(0, MAX_RECENT);
  return products.map((product) => {
    const kind = recent.find((event) => event.product === product)?.kind ?? "";
    const image = element("img", { src: photoPath(product), alt: "", loading: "lazy" });
    image.addEventListener("error", () => image.remove(), { once: true });
    return element("li", {}, image, element("span", {}, t(`event.${kind}`)));
  });
}

/** @param {Profile} profile */
const profileElements = (profile) => [
  element("p", {}, counted("who.known.events", profile.events)),
  element("dl", {},
    ...row(t("attribute.colour"), profile.colours),
    ...row(t("field.category"), profile.categories),
    ...row(t("field.brand"), profile.brands),
    ...row(t("who.known.purchased"), profile.purchasedProducts ? [number(profile.purchasedProducts)] : [])),
  element("ul", { className: "latest" }, ...recentItems(profile)),
];

/** @param {State} state */
function knownElements({ shopper, profile }) {
  if (!shopper) return [element("p", {}, t("who.known.guest"))];
  if (profile === null) return [element("p", {}, t("who.known.loading"))];
  if (profile === "unavailable") return [element("p", {}, t("error.network"))];
  if (!profile.events) return [element("p", {}, t("who.known.nothing"))];
  return profileElements(profile);
}

/** @param {State} state */
function showKnown(state) {
  const { shopper, profile } = state;
  $("who-known").replaceChildren(...knownElements(state));
  $("who-forget").hidden = !(profile && profile !== "unavailable" && profile.events);
  if (dialog.open && shopper && profile === null) loadProfile();
}

async function forget() {
  const button = $("who-forget", HTMLButtonElement);
  button.disabled = true;
  try {
    await forgetShopper();
    announce(t("who.forgotten"));
    $("who-known").replaceChildren(element("p", {}, t("who.forgotten")));
    focusChoice();
  } catch {
    $("who-known").append(element("p", { className: "wrong" }, t("error.network")));
  } finally {
    button.disabled = false;
  }
}

function focusChoice() {
  find($("who-choices"), "input:checked").focus();
}

function open() {
  dialog.showModal();
  showKnown(store.state);
  focusChoice();
}

export function mountShopperDialog() {
  $("who-open").addEventListener("click", open);
  $("who-forget").addEventListener("click", forget);
  store.watch(({ language, shopper, exampleShoppers }) => [language, shopper, exampleShoppers], (state) => {
    $("who-name").textContent = shopperName();
    $("who-open").setAttribute("aria-label", t("who.open", { name: shopperName() }));
    $("who-open").classList.toggle("somebody", Boolean(state.shopper));
    replaceKeepingFocus($("who-choices"), choices(state));
  });
  store.watch(({ language, shopper, profile }) => [language, shopper, profile], showKnown);
}
