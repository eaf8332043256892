// Photos as files: making them small, and keeping them as text.

const SENT_SIDE = 1024;
const KEPT_SIDE = 640;
const KEPT_BYTES = 120_000;
const QUALITY = 0.9;

/**
 * A file as a JPEG of at most `side` pixels a side; null where the browser cannot read it or where it is small already.
 *
 * @param {Blob} file
 * @param {number} side
 * @returns {Promise<Blob | null>}
 */
async function shrunk(file, side) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap) return null;
  const scale = side / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) {
    bitmap.close();
    return null;
  }
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = contextOf(canvas);
  context.fillStyle = "white"; // JPEG has no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return jpegOf(canvas);
}

/** @param {HTMLCanvasElement} canvas */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("the browser does not draw");
  return context;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob | null>}
 */
export const jpegOf = (canvas) => new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));

/**
 * A photo as it is sent. What is small already, or what the browser cannot read, stays as it is.
 *
 * @param {Blob} file
 */
export const small = async (file) => (await shrunk(file, SENT_SIDE)) ?? file;

/**
 * A photo as a data: URL that is small enough to be kept; null where it cannot be made small.
 *
 * @param {Blob} photo
 * @returns {Promise<string | null>}
 */
export async function dataUrlOf(photo) {
  const kept = photo.size <= KEPT_BYTES ? photo : await shrunk(photo, KEPT_SIDE);
  if (!kept) return null;
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result)));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(kept);
  });
}

/** @param {string} url a data: URL in base64 */
export function blobOf(url) {
  const [, type, data] = /^data:([^;,]*);base64,(.*)$/.exec(url) ?? [];
  return new Blob([Uint8Array.from(atob(data ?? ""), (letter) => letter.charCodeAt(0))], { type });
}

/**
 * The images among the files that were chosen, pasted or dropped.
 *
 * @param {FileList | null | undefined} files
 */
export const imagesIn = (files) => [...(files ?? [])].filter((file) => file.type.startsWith("image/"));
