// Keys: what the map in the help says, what the page's controls carry (data-key), and Esc.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const shown = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
const typing = (element) => element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const isMac = navigator.platform.startsWith("Mac");

export const rows = () => $$("#queue .row__what, #list .row__what, .hit h3 a, [data-row] .row__what").filter(shown);
const current = (all) => {
  const active = document.activeElement.closest?.(".row, [data-row]");
  return all.findIndex((row) => row === document.activeElement || (active && active.contains(row)) || row.closest('.row[aria-current="true"], .row.is-current'));
};
const go = (row) => { row?.focus(); row?.scrollIntoView({ block: "nearest" }); };

const move = (step) => {
  const all = rows();
  go(all[Math.min(Math.max(current(all) + step, 0), all.length - 1)]);
};
const moveGroup = (step) => {
  const all = rows();
  const groups = [...new Set(all.map((row) => row.closest(".group")))];
  const at = groups.indexOf(all[Math.max(current(all), 0)]?.closest(".group"));
  const group = groups[Math.min(Math.max(at + step, 0), groups.length - 1)];
  go(all.find((row) => row.closest(".group") === group));
};

const PANES = ["#rail", ".list", "#talk", "#context", ".page"];
const pane = (step) => {
  const panes = PANES.map((name) => $(name)).filter((element) => element && shown(element));
  const at = panes.findLastIndex((element) => element.contains(document.activeElement));
  const next = panes[(at + step + panes.length) % panes.length];
  if (!next) return;
  const wanted = [".row.is-current .row__what", "#talk-title", '[aria-current="page"]', "a[href], button, summary"];
  wanted.map((name) => $(name, next)).find(Boolean)?.focus();
};

const open = (name) => { const dialog = $(`#${name}`); if (dialog && !dialog.open) dialog.showModal(); };
const DOES = {
  next: () => move(1),
  previous: () => move(-1),
  "next-group": () => moveGroup(1),
  "previous-group": () => moveGroup(-1),
  "next-pane": (event) => pane(event.shiftKey ? -1 : 1),
  undo: () => document.dispatchEvent(new Event("desk:undo")),
  palette: () => document.dispatchEvent(new Event("palette")),
  help: () => open("help"),
};

// A control of the focused row comes before one of the page.
export const press = (key) => {
  const row = document.activeElement.closest?.(".row, [data-row]");
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  const all = $$(`${wanted}:not(.row *, [data-row] *)`);
  const target = (row && $(wanted, row)) || (all.find(shown) ?? all[0]);
  if (!target) return false;
  if (target.matches("input[type=radio]")) { target.checked = true; target.dispatchEvent(new Event("change", { bubbles: true })); $("#words")?.focus(); }
  else if (target.matches("input, textarea, select")) { target.closest("details:not([open])")?.setAttribute("open", ""); target.focus(); }
  else target.click();
  return true;
};

// One letter of an open menu, as its caps say.
const pressInMenu = (key) => {
  const menu = $$(".menu:popover-open").at(-1);
  if (!menu) return false;
  const item = $(`[data-letter="${CSS.escape(key)}"]`, menu);
  if (item?.matches("input, select, textarea")) item.focus();
  else item?.click();
  return Boolean(item);
};
const walkMenu = (event) => {
  const menu = $$(".menu:popover-open").at(-1);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!menu || !step || event.target.matches?.("select, textarea, input[type=datetime-local]")) return false;
  const items = $$(".menu__item, .menu__check input, input.input, .btn", menu).filter(shown);
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length]?.focus();
  return true;
};

// What is typed at the head of a long menu leaves the lines that hold it; Enter takes the first.
// Accents need not be typed.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
document.addEventListener("input", (event) => {
  if (!event.target.matches?.("[data-filter]")) return;
  const wanted = plain(event.target.value.trim());
  $$(".menu__item", event.target.closest(".menu")).forEach((item) => { item.hidden = !plain(item.textContent).includes(wanted); });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("[data-filter]")) return;
  event.preventDefault();
  if (event.target.value.trim()) $$(".menu__item", event.target.closest(".menu")).find(shown)?.click();
});

const heard = (event) => {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  const isLetter = /^[a-z]$/.test(key);
  const mod = event.metaKey || event.ctrlKey ? "mod+" : "";
  return `${mod}${event.shiftKey && (isLetter || mod) ? "shift+" : ""}${key}`;
};
const line = (keys) => $(`#help [data-press-for="${CSS.escape(keys)}"]`);
const act = (found, event) => {
  if (found.dataset.goes) location.assign(found.dataset.goes);
  else DOES[found.dataset.does]?.(event);
};

// Esc goes one step back: the field, then the selection. Menus and dialogs close by themselves.
const back = (event) => {
  if ($(":popover-open, dialog[open]")) return;
  // in a field for searching Chromium would empty it, and what was found would go
  if (typing(event.target)) { event.preventDefault(); event.target.blur(); return; }
  const chosen = $$(".row input:checked");
  chosen.forEach((box) => { box.checked = false; box.dispatchEvent(new Event("change", { bubbles: true })); });
};

const send = (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter" || event.target.id !== "words") return false;
  const note = $("#mode-note")?.checked;
  $(`[data-send="${note ? "note" : event.shiftKey ? "close" : "wait"}"]`)?.click();
  return true;
};

let waiting = "", waitedAt = 0;
const single = (event, keys) => {
  if (document.body.dataset.keys === "off") return false;
  const both = waiting && Date.now() - waitedAt < 1500 ? `${waiting} ${keys}` : keys;
  waiting = "";
  const found = line(both) ?? line(keys);
  if (found && !keys.startsWith("mod+")) { act(found, event); return true; }
  if ($(`#help [data-press-for^="${CSS.escape(keys)} "]`)) { waiting = keys; waitedAt = Date.now(); return true; }
  return !keys.includes("+") && press(keys);
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === "Escape") { back(event); return; }
  if (send(event)) return;
  const keys = heard(event);
  const inField = typing(event.target);
  const found = line(keys);
  if (keys.startsWith("mod+") || event.key === "F6") {
    // in a field ⌘Z is the field's own
    if (!found || (inField && found.dataset.does === "undo")) return;
    event.preventDefault();
    act(found, event);
    return;
  }
  if (walkMenu(event)) { event.preventDefault(); return; }
  if (event.altKey || inField || $("dialog[open]")) return;
  if ($(".menu:popover-open")) { if (document.body.dataset.keys !== "off" && pressInMenu(keys)) event.preventDefault(); return; }
  if (single(event, keys)) event.preventDefault();
});

// A line of a menu may stand for a field elsewhere on the page.
document.addEventListener("click", (event) => {
  const line = event.target.closest("[data-focus]"), field = line && $(line.dataset.focus);
  if (!field) return;
  line.closest("[popover]")?.hidePopover();
  if (!shown(field)) field.closest("[popover]")?.showPopover();
  field.closest("details:not([open])")?.setAttribute("open", "");
  field.focus();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-show]");
  if (!opener) return;
  if (opener.dataset.show === "palette") { event.preventDefault(); document.dispatchEvent(new Event("palette")); }
  else open(opener.dataset.show);
});

// A menu that opens by a key takes the focus, so that arrows and letters go to it.
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (event.newState !== "open" || !menu.matches?.(".menu")) return;
  (menu.querySelector("[autofocus]") ?? $$(".menu__item, input:not([type=hidden]), select", menu).find(shown))?.focus();
}, true);

const named = (root) => { for (const cap of $$("kbd", root)) if (cap.textContent.includes("⌘")) cap.textContent = cap.textContent.replace("⌘", "Ctrl "); };
if (!isMac) {
  named(document);
  document.addEventListener("htmx:load", (event) => named(event.detail.elt)); // what comes later too
}
