// Who is looking: nobody, this browser, or one of the shoppers that the server offers. Nobody leaves no trace.

const KEY = "shopper";
const OWN = "shopper.own";

export const NOBODY = "";

let id = localStorage.getItem(KEY) ?? NOBODY;

export const shopperId = () => id;

export function useShopper(name) {
  id = name;
  if (id) localStorage.setItem(KEY, id);
  else localStorage.removeItem(KEY);
}

// The name of this browser, made when it is first wanted; another one after it was forgotten.
export function ownId() {
  let own = localStorage.getItem(OWN);
  if (!own) {
    own = `browser-${random()}`;
    localStorage.setItem(OWN, own);
  }
  return own;
}

export function forgetOwn() {
  localStorage.removeItem(OWN);
}

// crypto.randomUUID is for secure addresses only, and a shop's page in its own network is none.
export const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
