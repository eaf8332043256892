// Making and finding elements. Text only ever becomes text, so that nothing that a shop writes is taken for markup.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} [properties]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** @param {string} name the id of a symbol of the page, without "i-" */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/**
 * @param {Partial<HTMLButtonElement>} properties
 * @param {() => unknown} onClick
 * @param {...(Node | string | null)} children
 */
export function button(properties, onClick, ...children) {
  const node = element("button", { type: "button", ...properties }, ...children);
  node.addEventListener("click", () => onClick());
  return node;
}

/**
 * The element of the page with an id.
 *
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 * @param {new () => Kind} [kind] its class, where more than an HTMLElement is wanted
 * @returns {Kind}
 */
export function $(id, kind) {
  const node = document.getElementById(id);
  if (!(node instanceof (kind ?? HTMLElement))) throw new TypeError(`the page has no #${id} of this kind`);
  return /** @type {Kind} */ (node);
}

/**
 * The first descendant that matches.
 *
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function find(root, selector) {
  const node = root.querySelector(selector);
  if (!(node instanceof HTMLElement)) throw new TypeError(`nothing matches ${selector}`);
  return node;
}

/**
 * Exchanges the children of an element. The focus stays with the descendant that has the same data-key.
 *
 * @param {HTMLElement} root
 * @param {Node[]} children
 */
export function replaceKeepingFocus(root, children) {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && root.contains(focused) ? focused.dataset.key : undefined;
  root.replaceChildren(...children);
  if (!key) return;
  const successor = root.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (successor instanceof HTMLElement) successor.focus({ preventScroll: true });
}
