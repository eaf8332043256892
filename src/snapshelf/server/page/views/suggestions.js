// Suggestions while typing: a combobox after the ARIA practice of that name.

import * as api from "../api/endpoints.js";
import { $, element, icon } from "../browser/dom.js";
import { currentLanguage, known, t } from "../browser/i18n.js";

/** @import { Suggestion } from "../types" */

const WAIT_MS = 90;

/**
 * @param {HTMLInputElement} input
 * @param {(text: string) => void} onPick gets the text of the suggestion that was chosen
 */
export function suggestFor(input, onPick) {
  const list = $("suggestions");
  /** @type {Suggestion[]} */
  let suggestions = [];
  let active = -1;
  let typed = "";
  /** @type {AbortController | null} */
  let request = null;
  let timer = 0;

  const isOpen = () => !list.hidden;

  function close() {
    clearTimeout(timer);
    request?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index -1: the words as they were typed */
  function activate(index) {
    active = index;
    for (const [at, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(at === index));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[index].id);
    input.value = index < 0 ? typed : suggestions[index].text;
  }

  /** What is not typed yet is what is worth reading. @param {string} text */
  function emphasised(text) {
    const at = text.toLowerCase().indexOf(typed.toLowerCase());
    if (at < 0) return [element("b", {}, text)];
    const end = at + typed.length;
    return [element("b", {}, text.slice(0, at)), text.slice(at, end), element("b", {}, text.slice(end))];
  }

  /** @param {Suggestion} suggestion @param {number} index */
  function optionFor({ text, kind }, index) {
    const label = known(`suggestion.${kind}`) ? t(`suggestion.${kind}`) : "";
    const option = element("li", { id: `suggestion-${index}`, role: "option", ariaSelected: "false" },
      icon(kind === "query" ? "recent" : "search"),
      element("span", { className: "what" }, ...emphasised(text)),
      element("span", { className: "kind" }, label));
    option.addEventListener("pointerdown", (event) => event.preventDefault()); // the words keep the focus
    option.addEventListener("click", () => {
      close();
      onPick(text);
    });
    return option;
  }

  async function load() {
    request?.abort();
    const controller = new AbortController();
    request = controller;
    try {
      suggestions = await api.suggest(typed, currentLanguage(), controller.signal);
    } catch {
      return; // suggestions are a help, never a hindrance
    }
    if (controller.signal.aborted || document.activeElement !== input) return;
    list.replaceChildren(...suggestions.map(optionFor));
    active = -1;
    list.hidden = !suggestions.length;
    input.setAttribute("aria-expanded", String(isOpen()));
  }

  input.addEventListener("input", () => {
    typed = input.value;
    clearTimeout(timer);
    if (typed.trim()) timer = window.setTimeout(load, WAIT_MS);
    else close();
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (!isOpen() || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      event.stopPropagation();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const places = suggestions.length + 1; // the words as typed come first
      activate(((active + 1 + step + places) % places) - 1);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      activate(-1);
      close();
    }
  });
}
