// Where the focus goes: to the title of what was opened, back to the row it came from, to the next
// row when its own went away. What arrives by itself never takes it.
import { rows } from "./keys.js";

const BACK = "back-to-row";
const numberOf = (row) => new URL(row.href).pathname.match(/\/tickets\/(\d+)\//)?.[1];
const scroller = () => document.querySelector(".list__scroll");

document.addEventListener("click", (event) => {
  const row = event.target.closest(".row__what");
  if (!row || event.metaKey || event.ctrlKey || !row.closest(".queue")) return;
  if (document.querySelector("#talk")) return; // the list beside a ticket is not where we came from
  const from = { at: location.pathname + location.search, number: numberOf(row), top: scroller()?.scrollTop ?? 0 };
  sessionStorage.setItem(BACK, JSON.stringify(from));
});

const title = document.getElementById("talk-title");
const came = JSON.parse(sessionStorage.getItem(BACK) ?? "null");
if (title) {
  if (!location.hash && document.activeElement === document.body && !document.querySelector("[role=alert]:not(:empty)")) title.focus({ preventScroll: true });
  const back = document.querySelector(".talk__back");
  if (came && back) back.href = came.at;
} else if (came && came.at === location.pathname + location.search) {
  sessionStorage.removeItem(BACK);
  if (scroller()) scroller().scrollTop = came.top;
  const all = rows();
  (all.find((row) => numberOf(row) === came.number))?.focus({ preventScroll: true });
}

// The row under the focus left the list: the next one, the one before, the group's heading.
let held = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const all = rows();
  const at = all.findIndex((row) => row === document.activeElement || row.closest(".row")?.contains(document.activeElement));
  held = at < 0 || !event.detail.target.contains?.(all[at]) ? null : all.map((row) => row.closest(".row")?.id).slice(at).concat(all.slice(0, at).reverse().map((row) => row.closest(".row")?.id));
});
document.addEventListener("htmx:afterSettle", () => {
  if (!held || document.activeElement !== document.body) { held = null; return; }
  const next = held.map((id) => id && document.querySelector(`#${id} .row__what`)).find(Boolean);
  held = null;
  next?.focus({ preventScroll: true });
});
