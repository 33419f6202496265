"""Contact sheets of screenshots, as small PNGs: `python -m rig.pictures FOLDER OUT [PATTERN]`.

The folder holds `<state>-<width>-<scheme>.png`, as browser tests keep them under `LOOK_DIR`. One
sheet per state: wide in light and dark, then a tablet, then a phone in light and dark.
"""

import base64
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from rig import chromium

COLUMNS = (
    ("1440-light", 700), ("1440-dark", 700), ("1024-light", 500),
    ("390-light", 250), ("390-dark", 250),
)  # fmt: skip
GAP = 8
MOST_BYTES = 55_000  # of a sheet
# (height, colours): the first that is small enough counts; what is longer is cut
WAYS = ((900, 64), (650, 40), (450, 24), (320, 16))
# counts colours in cells of five bits each way, keeps what weighs most, gives others the nearest
QUANTISE = """async ([png, colours]) => {
  const picture = await createImageBitmap(await (await fetch(png)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const data = pen.getImageData(0, 0, picture.width, picture.height).data;
  const size = data.length / 4, cells = new Uint16Array(size), count = new Uint32Array(32768);
  const sums = [new Float64Array(32768), new Float64Array(32768), new Float64Array(32768)];
  for (let n = 0, at = 0; n < size; n += 1, at += 4) {
    const cell = (data[at] >> 3) << 10 | (data[at + 1] >> 3) << 5 | data[at + 2] >> 3;
    cells[n] = cell;
    count[cell] += 1;
    for (let part = 0; part < 3; part += 1) sums[part][cell] += data[at + part];
  }
  // a few red letters say more than many greys
  const weight = (cell) => {
    const [r, g, b] = [cell >> 10, cell >> 5 & 31, cell & 31];
    return count[cell] * (1 + Math.max(r, g, b) - Math.min(r, g, b));
  };
  const used = [...count.keys()].filter((cell) => count[cell]);
  const mean = (cell) => sums.map((sum) => Math.round(sum[cell] / count[cell]));
  const most = [...used].sort((a, b) => weight(b) - weight(a)).slice(0, colours);
  const parts = most.map(mean);
  const nearest = new Uint8Array(32768);
  for (const cell of used) {
    const own = mean(cell);
    let least = Infinity;
    parts.forEach((part, n) => {
      const far = part.reduce((sum, value, at) => sum + (value - own[at]) ** 2, 0);
      if (far < least) [least, nearest[cell]] = [far, n];
    });
  }
  const indices = cells.map((cell) => nearest[cell]);
  let text = "";
  for (let at = 0; at < size; at += 32768) {
    text += String.fromCharCode(...indices.subarray(at, at + 32768));
  }
  return {width: picture.width, height: picture.height, parts, indices: btoa(text)};
}"""


def small(tab: Page, png: bytes, *, colours: int) -> bytes:
    """The same picture with few colours."""
    address = "data:image/png;base64," + base64.b64encode(png).decode()
    found: dict[str, Any] = tab.evaluate(QUANTISE, [address, colours])
    width, height = found["width"], found["height"]
    pixels = base64.b64decode(found["indices"])
    lines = b"".join(b"\0" + pixels[at : at + width] for at in range(0, len(pixels), width))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = b"".join(bytes(part) for part in found["parts"])
    parts = (
        (b"IHDR", head),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + check


def sheet(tab: Page, folder: Path, state: str, *, tallest: int) -> bytes:
    """Every picture of a state beside one another."""
    pictures = "".join(
        f'<img width="{width}" src="data:image/png;base64,{_read(folder / f"{state}-{look}.png")}">'
        for look, width in COLUMNS
    )
    wide = sum(width + GAP for _, width in COLUMNS) + GAP
    style = f"margin:0;padding:{GAP}px;display:flex;gap:{GAP}px;align-items:start;background:#777"
    tab.set_viewport_size({"width": wide, "height": 400})
    tab.set_content(f'<body style="{style}">{pictures}</body>')
    tab.wait_for_function("[...document.images].every((one) => one.complete)")
    high = tab.evaluate("Math.max(...[...document.images].map((one) => one.height))")
    high = min(int(high) + 2 * GAP, tallest)
    return tab.screenshot(clip={"x": 0, "y": 0, "width": wide, "height": high}, full_page=True)


def _read(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def fitted(tab: Page, folder: Path, state: str) -> bytes:
    """A sheet as large as its weight allows."""
    found = b""
    for tallest, colours in WAYS:
        found = small(tab, sheet(tab, folder, state, tallest=tallest), colours=colours)
        if len(found) <= MOST_BYTES:
            break
    return found


def main(folder: Path, out: Path, pattern: str = "") -> None:
    """A sheet for each state in the folder whose name fits."""
    out.mkdir(parents=True, exist_ok=True)
    states = {path.name.rsplit("-", 2)[0] for path in folder.glob("*.png")}
    with chromium.chromium() as browser, chromium.page(browser) as (tab, _):
        for state in sorted(one for one in states if re.search(pattern, one)):
            (out / f"{state}.png").write_bytes(fitted(tab, folder, state))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:4])
