"""Pictures side by side with few colours: small enough to be kept with the sources."""

import base64
import struct
import zlib
from pathlib import Path

from playwright.sync_api import Page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screens" / "desk"

# The commonest colours as they are, for grounds differ by very little; then what is far from all of
# those, strong colours before greys, for they say something. The browser does it: it can decode.
REDUCE = """async ([sources, most, widest]) => {
  const images = await Promise.all(sources.map(async (source) => {
    const image = new Image(); image.src = "data:image/png;base64," + source;
    await image.decode(); return image;
  }));
  const whole = images.reduce((sum, one) => sum + one.width + 24, -24), scale = Math.min(1, widest / whole);
  const width = Math.round(whole * scale), height = Math.round(Math.max(...images.map((one) => one.height)) * scale);
  const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext("2d");
  pen.fillStyle = "#808080"; pen.fillRect(0, 0, width, height);
  let left = 0;
  pen.scale(scale, scale); pen.imageSmoothingQuality = "high";
  for (const one of images) { pen.drawImage(one, left, 0); left += one.width + 24; }
  const { data } = pen.getImageData(0, 0, width, height), counts = new Map();
  for (let i = 0; i < data.length; i += 4) {
    const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const ranked = [...counts].sort((a, b) => b[1] - a[1]), groups = new Map();
  const parts = (colour) => [colour >> 16, colour >> 8 & 255, colour & 255];
  const far = (one, other) => {
    const [r, g, b] = parts(one), [x, y, z] = parts(other);
    return 2 * (r - x) ** 2 + 4 * (g - y) ** 2 + 3 * (b - z) ** 2;
  };
  const palette = ranked.slice(0, Math.floor(most / 3)).map(([colour]) => colour);
  for (const [colour, n] of ranked) {
    const key = (colour >> 20 & 15) << 8 | (colour >> 12 & 15) << 4 | colour >> 4 & 15;
    const best = groups.get(key) ?? { colour, weight: 0 }, strong = parts(colour);
    best.weight += n * (1 + (Math.max(...strong) - Math.min(...strong)) / 6);
    groups.set(key, best);
  }
  for (const { colour } of [...groups.values()].sort((a, b) => b.weight - a.weight)) {
    if (palette.length === most) break;
    if (palette.every((known) => far(known, colour) > 5000)) palette.push(colour);
  }
  const nearest = new Map();
  for (const [colour] of ranked) {
    let best = 0;
    for (let i = 1; i < palette.length; i++) if (far(colour, palette[i]) < far(colour, palette[best])) best = i;
    nearest.set(colour, best);
  }
  const rows = new Uint8Array(width * height);
  for (let i = 0; i < rows.length; i++)
    rows[i] = nearest.get((data[4 * i] << 16) | (data[4 * i + 1] << 8) | data[4 * i + 2]);
  let text = "";
  for (let i = 0; i < rows.length; i += 32768) text += String.fromCharCode(...rows.subarray(i, i + 32768));
  return [width, height, palette, btoa(text)];
}"""  # noqa: E501 - JavaScript


def joined(tab: Page, pictures: list[bytes], *, colours: int, widest: int) -> bytes:
    """One PNG of the pictures, from left to right. `tab`: any blank page.

    `colours`: at most 256. `widest`: in pixels; what is wider is drawn smaller.
    """
    sources = [base64.b64encode(picture).decode() for picture in pictures]
    width, _, palette, rows = tab.evaluate(REDUCE, [sources, colours, widest])
    return indexed(width, palette, base64.b64decode(rows))


def indexed(width: int, palette: list[int], rows: bytes) -> bytes:
    """A PNG of one byte a pixel, or of half a byte where sixteen colours are enough.

    https://www.w3.org/TR/png-3/
    """
    height = len(rows) // width
    lines = (b"\0" + rows[at : at + width] for at in range(0, len(rows), width))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = b"".join(colour.to_bytes(3, "big") for colour in palette)
    body = zlib.compress(b"".join(lines), 9)
    chunks = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    sealed = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + sealed
