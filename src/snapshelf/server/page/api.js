// The server's HTTP API, as far as the page needs it. Paths are relative, so that a proxy may add a prefix.

const HITS = 48;

export class ApiError extends Error {
  // kind: the last part of the problem's type, or "network" when no answer came.
  constructor(kind, detail) {
    super(detail);
    this.kind = kind;
  }
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("network", String(error));
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(String(problem.type).split(":").at(-1), problem.detail ?? response.statusText);
}

const json = async (path, options) => (await ask(path, options)).json();

export function search({ photo, text }, signal) {
  const body = new FormData();
  if (photo) body.append("photo", photo, "photo");
  if (text) body.append("text", text);
  body.append("k", HITS);
  return json("v1/search", { method: "POST", body, signal });
}

export const similar = (id, signal) =>
  json(`v1/products/${encodeURIComponent(id)}/similar?k=${HITS}`, { signal });

export const product = (id, signal) => json(`v1/products/${encodeURIComponent(id)}`, { signal });

export const stats = () => json("v1/stats");

export const examples = () => json("v1/examples");

export const blob = async (path) => (await ask(path)).blob();
