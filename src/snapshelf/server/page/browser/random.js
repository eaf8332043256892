// crypto.randomUUID exists on secure addresses only, and a shop's page in its own network is none.

/** 128 random bits in hexadecimal. */
export const random = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
