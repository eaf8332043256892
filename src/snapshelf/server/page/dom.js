// Making elements. Text only ever becomes text, so nothing that a shop writes is taken for markup.

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
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

export function button(properties, onClick, ...children) {
  const made = element("button", { type: "button", ...properties }, ...children);
  made.addEventListener("click", onClick);
  return made;
}

export const $ = (id) => document.getElementById(id);
