// The palette: arrows walk the options, Enter takes one; the server decides what is offered.
import { press, rows } from "./keys.js";

const RECENT = "recent-tickets", MOST = 8;
const dialog = document.getElementById("palette");
const field = document.getElementById("palette-q");
const list = document.getElementById("palette-list");
const about = document.getElementById("palette-about");

// Which tickets were open lately is known here only; the server is asked which may still be seen.
const recent = () => (localStorage.getItem(RECENT) ?? "").split(",").filter(Boolean);
const here = document.querySelector("[data-ticket]")?.dataset.ticket;
if (here) localStorage.setItem(RECENT, [here, ...recent().filter((number) => number !== here)].slice(0, MOST).join(","));

const options = () => [...list.querySelectorAll("[role=option]")];
const chosen = () => list.querySelector('[aria-selected="true"]');
const choose = (option) => {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
};
const step = (by) => {
  const all = options();
  choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
};

const focused = () => {
  const row = rows().find((one) => one === document.activeElement);
  return row ? new URL(row.href).pathname.match(/\/tickets\/(\d+)\//)?.[1] : undefined;
};
const open = () => {
  if (dialog.open) { dialog.close(); return; }
  about.elements.ticket.value = here ?? focused() ?? "";
  about.elements.recent.value = recent().filter((number) => number !== here).join(",");
  field.value = "";
  dialog.showModal();
  htmx.process(field); // a key pressed while the page still loads comes before htmx has looked at it
  htmx.trigger(field, "opened");
};

const take = (option, beside) => {
  if (!option) return;
  if (option.dataset.press) { dialog.close(); press(option.dataset.press); return; }
  if (beside && option.href) { window.open(option.href, "_blank", "noopener"); return; }
  option.click();
};

if (dialog) {
  document.addEventListener("palette", open);
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) step(by);
    else if (event.key === "Home" && !field.value) choose(options()[0]);
    else if (event.key === "End" && !field.value) choose(options().at(-1));
    else if (event.key === "Enter") take(chosen() ?? options()[0], event.ctrlKey || event.metaKey);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-press]");
    if (option) take(option, false);
  });
  list.addEventListener("mousemove", (event) => { const option = event.target.closest("[role=option]"); if (option && option !== chosen()) choose(option); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== list) return;
    choose(options()[0]);
    const said = document.getElementById("palette-said");
    said.textContent = options().length === 1 ? "1 result" : `${options().length} results`;
  });
}
