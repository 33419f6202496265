// The queue: what is new waits to be let in, rows keep their place while somebody looks, keys and selection.
import { complain } from "./undo.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const LEAVES = 160, QUIET = 2000;
const UNCOUNTED = "all that match";
const LEAVING = new Set(["close", "snooze", "hold", "trash", "spam", "restore"]);
const rowsOf = (list) => new Map($$(".row[id]", list).map((row) => [row.id, row]));
const there = (row) => !row.classList.contains("is-leaving");
const checked = () => $$(".row__select :checked");
const links = () => $$("#queue .row__what, #list .row__what").filter((link) => there(link.closest(".row")) && link.checkVisibility());

// ---------------------------------------------------------------- groups that are folded, in this tab
const kept = () => { try { return JSON.parse(sessionStorage.getItem("folded")) ?? []; } catch { return []; } };
const folded = new Set(kept());
const foldable = (list) => $$(".group[data-group]", list).forEach((group) => {
  const head = $(".group__head", group), name = $("h2", group)?.textContent;
  if (!head || !name || $(".group__fold", head)) return;
  const button = document.createElement("button");
  button.className = "group__fold";
  button.type = "button";
  button.setAttribute("aria-label", `Show “${name}”`);
  button.setAttribute("aria-expanded", String(!folded.has(group.dataset.group)));
  button.innerHTML = '<svg class="i" aria-hidden="true"><use href="/static/img/icons.svg#i-down"/></svg>';
  head.prepend(button);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".group__fold");
  if (!button) return;
  const { group } = button.closest(".group").dataset, open = folded.delete(group);
  if (!open) folded.add(group);
  button.setAttribute("aria-expanded", String(open));
  sessionStorage.setItem("folded", JSON.stringify([...folded]));
});
$$("#queue, #list").forEach(foldable);

// ---------------------------------------------------------------- what comes by itself
let waiting = null, settled = null, undone = 0, shownUndone = 0, usedAt = 0;
const numberOf = (row) => Number(row.id.slice(2));
const newestOf = (list) => Number(list.dataset.newest) || Math.max(0, ...[...rowsOf(list).values()].map(numberOf));
let newest = $("#queue") ? newestOf($("#queue")) : 0;

const inUse = (list) => list.matches(":hover") || list.contains(document.activeElement) || checked().length > 0
  || Date.now() - usedAt < QUIET;

const pill = (n) => {
  const slot = $("#newslot");
  if (!slot) return;
  const words = n === 1 ? "1 new ticket " : `${n} new tickets `;
  if (!n) { slot.replaceChildren(); return; }
  if (slot.firstChild) { if (slot.firstChild.firstChild.data !== words) slot.firstChild.firstChild.data = words; return; }
  const button = document.createElement("button"), key = document.createElement("kbd");
  button.className = "newpill";
  button.type = "button";
  key.textContent = ".";
  button.append(words, key);
  button.addEventListener("click", () => letIn({ focus: true }));
  slot.append(button);
};

const morph = (old, fresh) => { Idiomorph.morph(old, fresh, { morphStyle: "outerHTML" }); };

// The list becomes what the server said, with the selection as it stands here.
const show = (list, fresh) => {
  const kept = new Set(checked().map((box) => box.value));
  $$(".row__select input", fresh).forEach((box) => box.toggleAttribute("checked", kept.has(box.value)));
  foldable(fresh);
  morph(list, fresh);
  htmx.process(document.getElementById(fresh.id));
};

// What came since; a row that only moved up from further down is no news.
const newIn = (list, fresh) => {
  const here = rowsOf(list);
  return [...rowsOf(fresh).values()].filter((row) => !here.has(row.id) && numberOf(row) > newest);
};

const letIn = ({ focus = false } = {}) => {
  if (!waiting) return;
  const list = document.getElementById(waiting.id), fresh = waiting;
  const first = newIn(list, fresh)[0]?.id;
  waiting = null;
  newest = Math.max(newest, newestOf(fresh));
  pill(0);
  show(list, fresh);
  if (focus && first) $(".row__what", document.getElementById(first))?.focus();
};

// Rows of other groups move and rows that are gone go, once nobody looks; new ones still wait.
const settle = () => {
  if (!waiting || settled === waiting) return;
  const list = document.getElementById(waiting.id);
  if (inUse(list)) return;
  if (!$("#newslot")) { letIn(); return; }
  const fresh = waiting.cloneNode(true);
  settled = waiting;
  newIn(list, fresh).forEach((row) => row.remove());
  $$(".group", fresh).filter((group) => !$(".row", group)).forEach((group) => group.remove());
  if (!newIn(list, waiting).length) waiting = null;
  if ($(".row", fresh) || !$(".row", list)) show(list, fresh);
};
setInterval(settle, 500);

// Fuses burn: each minute where the hour has begun, else each quarter of an hour.
let minutes = 0;
setInterval(() => {
  const list = $("#queue");
  minutes += 1;
  if (!list || document.hidden || (minutes % 15 && !$('.row[data-state="hour"], .row[data-state="breach"]', list))) return;
  htmx.trigger(list, "calm");
}, 60000);

// Most rows come as they stand; only their token is another each time, and the old one is as good.
const isSame = (row, twin) => {
  const [mine, theirs] = [row, twin].map((one) => $("[name=csrfmiddlewaretoken]", one));
  if (mine && theirs) theirs.setAttribute("value", mine.getAttribute("value"));
  return row.isEqualNode(twin);
};

const arrive = (list, fresh, isBack) => {
  waiting = fresh;
  const here = rowsOf(list), next = rowsOf(fresh);
  if (isBack || ![...here.values()].some(there)) { letIn(); return; }
  pill($("#newslot") ? newIn(list, fresh).length : 0);
  next.forEach((twin, id) => {
    const row = here.get(id);
    if (!row) return;
    const copy = twin.cloneNode(true);
    $(".row__select input", copy)?.toggleAttribute("checked", Boolean($(".row__select :checked", row)));
    if (isSame(row, copy)) return;
    morph(row, copy);
    htmx.process(document.getElementById(id));
  });
  here.forEach((row, id) => { if (!there(row) && !next.has(id)) row.remove(); });
  $$(".group", list).forEach((group) => {
    const twin = $(`[data-group="${group.dataset.group}"] .group__n`, fresh);
    if (twin) $(".group__n", group)?.replaceChildren(...twin.cloneNode(true).childNodes);
  });
  settle();
};

document.addEventListener("htmx:beforeSwap", (event) => {
  const asked = event.detail.requestConfig?.elt;
  if (!asked?.matches?.("#queue, #list")) return;
  event.detail.shouldSwap = false;
  const page = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
  const fresh = page.getElementById(asked.id), list = document.getElementById(asked.id);
  if (!fresh || !list) return;
  for (const id of ["horizon", "queue-sub"]) {
    const told = page.getElementById(id), here = document.getElementById(id);
    if (told && here) { told.removeAttribute("hx-swap-oob"); morph(here, told); }
  }
  const of = event.detail.requestConfig.undone ?? 0, isBack = of > shownUndone;
  shownUndone = Math.max(shownUndone, of);
  arrive(list, fresh, isBack);
});

document.addEventListener("focusout", (event) => { if (event.target.closest?.("#queue, #list")) usedAt = Date.now(); });

document.addEventListener("desk:undone", () => {
  undone += 1;
  const list = $("#queue");
  if (list) htmx.trigger(list, "calm", { now: true });
});

// ---------------------------------------------------------------- what somebody does
const asked = new WeakMap();

const go = (rows) => {
  const focused = rows.find((row) => row.contains(document.activeElement));
  const all = links();
  const at = focused ? all.indexOf($(".row__what", focused)) : -1;
  rows.forEach((row) => {
    row.classList.add("is-leaving");
    setTimeout(() => { if (!there(row)) row.classList.add("is-gone"); }, LEAVES);
  });
  if (at < 0) return;
  const left = (link) => !rows.includes(link.closest(".row"));
  const next = all.slice(at).find(left) ?? all.slice(0, at).reverse().find(left);
  const heading = $(".group__head", focused.closest(".group"));
  if (next) next.focus();
  else if (heading) { heading.tabIndex = -1; heading.focus(); }
};

const clear = () => checked().concat($$("#bulk-all:checked")).forEach((box) => { box.checked = false; });

// Mine at once: the face is changed before the server has answered.
const takeOver = (row) => {
  const place = $(".row__as", row), mine = $(".rail__me .avatar")?.cloneNode(true);
  if (!place || !mine) return;
  const before = [...place.childNodes];
  place.replaceChildren(mine);
  faces.set(row, () => place.replaceChildren(...before));
};
const faces = new WeakMap();

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  // what a list says of an undo was asked for after it, however long the answer takes
  if (elt.matches("#queue, #list")) requestConfig.undone = undone;
  if (elt.matches('.row [data-key="i"]')) { takeOver(elt.closest(".row")); asked.set(elt, [elt.closest(".row")]); return; }
  if (!elt.matches("[data-leaves]")) return;
  asked.set(elt, [elt.closest(".row")]);
  go(asked.get(elt));
});

// Each press of the bar or of a row's menu is a request of its own: htmx keeps only the last of those
// that wait for one form, and would read its fields when their time comes.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("#bulk");
  if (!form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const values = new FormData(form, event.submitter), one = $("#bulk-one");
  const boxes = $("#bulk-all")?.checked ? $$("#queue .row") : checked().map((box) => box.closest(".row"));
  const rows = one.disabled ? boxes : [document.getElementById(`t-${one.value}`)].filter(Boolean);
  const source = document.createElement("span");
  source.dataset.bulk = one.disabled ? "many" : "one";
  source.hidden = true;
  $(".app").append(source);
  $$("#bulk [popover]:popover-open").forEach((menu) => menu.hidePopover());
  asked.set(source, LEAVING.has(String(values.get("do")).split(":")[0]) ? rows : []);
  go(asked.get(source));
  $$("[popover] input:not([type=checkbox])", form).forEach((field) => { field.value = ""; field.dispatchEvent(new Event("input", { bubbles: true })); });
  htmx.ajax("POST", form.action, { source, target: "#toasts", swap: "beforeend", values }).catch(() => {}).finally(() => source.remove());
}, true);

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful, xhr } = event.detail;
  const rows = asked.get(elt);
  if (!rows) return;
  asked.delete(elt);
  if (successful) { if (elt.dataset.bulk === "many") clear(); return; }
  rows.forEach((row) => { row.classList.remove("is-leaving", "is-gone"); faces.get(row)?.(); });
  const number = rows.length === 1 ? rows[0].id.replace("t-", "#") : "The tickets";
  if (xhr.status !== 409 && xhr.status !== 422) complain(`${number}: nothing was changed`, "The server did not answer. Every row is back where it was.");
});

// One menu for a row or for the selection: a row's own number goes with it while nothing is checked.
let menuRow = null;
const open = (menu, row, source) => {
  const one = $("#bulk-one"), box = document.getElementById(menu);
  if (!one || !box) return;
  one.disabled = checked().length > 0;
  one.value = one.disabled ? "" : row.id.replace("t-", "");
  menuRow = row;
  box.showPopover({ source });
  $("input:not([type=checkbox]), button", box)?.focus();
};

document.addEventListener("toggle", (event) => {
  if (event.newState !== "closed" || !event.target.matches?.("#bulk [popover]")) return;
  if ($("#bulk [popover]:popover-open")) return; // told late: the next menu is open by now
  $("#bulk-one").disabled = true;
  if (menuRow && there(menuRow) && document.activeElement === document.body) $(".row__what", menuRow)?.focus();
}, true);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-menu]");
  if (button && $("#bulk")) { event.preventDefault(); open(button.dataset.menu, button.closest(".row"), button); return; }
  if (event.target.closest("[data-clear]")) clear();
  const box = event.target.closest(".row__select input");
  if (box) pick(box, event.shiftKey);
});

let lastPicked = null;
const pick = (box, range) => {
  const boxes = $$(".row__select input"), from = boxes.indexOf(lastPicked), to = boxes.indexOf(box);
  if (range && from >= 0) boxes.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((other) => { other.checked = box.checked; });
  lastPicked = box;
  const all = $("#bulk-matching");
  if (!all || !checked().length || all.textContent !== UNCOUNTED) return;
  all.textContent += " …";
  htmx.ajax("GET", $("#bulk-all").dataset.count + $("#queue").dataset.address, { source: all, target: all, swap: "outerHTML" });
};

// Enter in a field of the bar presses that menu's own button, not the form's first.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Enter" && event.target.matches("input:not([data-filter])") && event.target.closest("#bulk [popover]");
  if (!menu) return;
  event.preventDefault();
  (event.target.closest(".field")?.parentElement.querySelector(".field:has(:focus) ~ * button, .field:has(:focus) ~ button") ?? $("button", menu)).click();
});

// ---------------------------------------------------------------- keys
const step = (by) => {
  const all = links(), at = all.indexOf(document.activeElement.closest?.(".row") && $(".row__what", document.activeElement.closest(".row")));
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
};
const jump = (by) => {
  const groups = $$("#queue .group").filter((group) => $$(".row", group).some(there));
  const at = groups.findIndex((group) => group.contains(document.activeElement));
  const group = groups[Math.min(Math.max(at + by, 0), groups.length - 1)];
  $(".row:not(.is-leaving) .row__what", group)?.focus();
};
const MENUS = { a: "bulk-assign", c: "bulk-category", p: "bulk-priority", s: "bulk-more", z: "bulk-snooze", h: "bulk-hold", ";": "bulk-macro" };

const onRow = (key, row) => {
  if (checked().length) {
    if (key === "i") $('#bulk [value="assign:me"]')?.click();
    else {
      const button = $(`.bulk [data-key="${key}"]`), menu = document.getElementById(button?.getAttribute("popovertarget"));
      button?.click();
      // at once: the next key may come before the page hears that the menu is open
      if (menu) $("input:not([type=checkbox]), button", menu)?.focus();
    }
  } else if (row && key in MENUS) open(MENUS[key], row, $(".row__what", row));
  else if (row) $(`[data-key="${key}"]`, row)?.click();
};

const keys = {
  j: () => step(1), k: () => step(-1), J: () => jump(1), K: () => jump(-1),
  ".": () => { if (waiting) letIn({ focus: true }); },
  x: (row) => $(".row__select input", row)?.click(),
  X: (row) => { const box = $(".row__select input", row); if (box) { box.checked = true; pick(box, true); } },
};

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest("#bulk [popover]:popover-open");
  if (menu && event.key.length === 1 && !event.target.matches("input:not([type=checkbox])") && !event.ctrlKey && !event.metaKey) {
    event.stopImmediatePropagation();
    event.preventDefault();
    $(`[data-letter="${CSS.escape(event.key.toLowerCase())}"]`, menu)?.click();
    return;
  }
  if (!$("#queue .row, #bulk") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.body.dataset.keys === "off" || event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog, [popover]:popover-open")) return;
  const row = document.activeElement.closest?.(".row"), act = keys[event.key];
  if (event.key === "Escape" && checked().length) { clear(); return; }
  if (!act && !("iacpszhe;".includes(event.key) && $("#bulk"))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!act) onRow(event.key, row);
  else if (row || !"xX".includes(event.key)) act(row);
}, true);

// ---------------------------------------------------------------- looks, and the filter in other forms
const root = document.documentElement;
const OTHER = {
  density: () => (root.dataset.density ? "" : "compact"),
  theme: () => ((root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark" ? "light" : "dark"),
};
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-look]"), look = form?.dataset.look;
  if (!form) return;
  event.preventDefault();
  const turned = OTHER[look]();
  if (turned) root.dataset[look] = turned;
  else delete root.dataset[look];
  $("[aria-pressed]", form)?.setAttribute("aria-pressed", String(Boolean(turned)));
  const body = new FormData(form); // says which, so that one lost on the way turns nothing around
  body.set(look, turned);
  fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.elt.id !== "filters") return;
  waiting = null;
  newest = Math.max(newest, newestOf($("#queue")));
  pill(0);
  if ($("#bulk-matching")) $("#bulk-matching").textContent = UNCOUNTED;
  $$("[data-query]").forEach((field) => { field.value = $("#queue").dataset.address; });
});
