// Suggestions while typing: a combobox after the ARIA practice of that name.

import * as api from "./api.js";
import { $, element, icon } from "./dom.js";
import { currentLanguage, known, t } from "./i18n.js";

const WAIT = 90;
const ICONS = { query: "recent" };

// Calls onPick with the text of a suggestion that was chosen.
export function suggestOn(input, onPick) {
  const list = $("suggestions");
  let suggestions = [];
  let active = -1;
  let typed = "";
  let asking = null;
  let timer = 0;

  const isOpen = () => !list.hidden;

  function close() {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(index) {
    active = index;
    for (const [at, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(at === index));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[index].id);
    input.value = index < 0 ? typed : suggestions[index].text;
  }

  // What the shopper has not typed yet is what is worth reading.
  function emphasised(text) {
    const at = text.toLowerCase().indexOf(typed.toLowerCase());
    if (at < 0) return [element("b", {}, text)];
    const end = at + typed.length;
    return [element("b", {}, text.slice(0, at)), text.slice(at, end), element("b", {}, text.slice(end))];
  }

  function option(suggestion, index) {
    const label = known(`suggestion.${suggestion.kind}`) ? t(`suggestion.${suggestion.kind}`) : "";
    const made = element("li", { id: `suggestion-${index}`, role: "option", ariaSelected: "false" },
      icon(ICONS[suggestion.kind] ?? "search"),
      element("span", { className: "what" }, ...emphasised(suggestion.text)),
      element("span", { className: "kind" }, label));
    made.addEventListener("pointerdown", (event) => event.preventDefault()); // the words keep the focus
    made.addEventListener("click", () => {
      close();
      onPick(suggestion.text);
    });
    return made;
  }

  async function ask() {
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      suggestions = (await api.suggest(typed, currentLanguage(), mine.signal)).suggestions;
    } catch {
      return; // suggestions are a help, never a hindrance
    }
    if (asking !== mine || mine.signal.aborted || document.activeElement !== input) return;
    list.replaceChildren(...suggestions.map(option));
    active = -1;
    list.hidden = !suggestions.length;
    input.setAttribute("aria-expanded", String(isOpen()));
  }

  input.addEventListener("input", () => {
    typed = input.value;
    clearTimeout(timer);
    if (typed.trim()) timer = setTimeout(ask, WAIT);
    else close();
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (!isOpen() || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      event.stopPropagation();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const places = suggestions.length + 1; // the words as typed are one of them
      mark(((active + 1 + step + places) % places) - 1);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      mark(-1);
      close();
    }
  });
  return close;
}
