/* The lines of a conversation: drawn once, in the order in which they were said. */
import { call } from "./wire.js";
import { $, announce, chat, clock, copy, day, icon, make, post, size, t } from "./page.js";

export const shown = new Map(); // message id → its line
const mineSeen = new Set(); // client ids that the desk has shown us

export const isShown = (clientId) => mineSeen.has(clientId);
const atEnd = () => $("scroll").scrollTop > -60; // the list is drawn from its end: 0 is the newest

// ---------------------------------------------------------------- one line

export function bubble(entry, { readOnly = false } = {}) {
  const body = make("div", { className: "bub__body" });
  if (entry.deleted) body.append(make("em", { textContent: t("deleted") }));
  else {
    body.innerHTML = entry.html; // made safe by the desk; the policy of this page runs no script anyway
    for (const a of body.querySelectorAll("a")) { a.target = "_blank"; a.rel = "noopener noreferrer"; }
    for (const table of body.querySelectorAll("table")) table.tabIndex = 0;
    body.querySelectorAll("pre").forEach(dressCode);
    for (const file of entry.files) body.append(fileOf(file, readOnly));
  }
  const who = t("says", { name: entry.mine ? t("you") : entry.author, time: clock(entry.at) });
  const edited = entry.edited && !entry.deleted ? `, ${t("edited")}` : "";
  const li = make("li", { className: entry.mine ? "bub bub--me" : "bub" }, body, make("small", { textContent: who + edited }));
  li.dataset.at = entry.at;
  li.dataset.id = entry.id;
  return li;
}
function dressCode(pre) {
  const button = make("button", { type: "button", className: "quiet", textContent: t("copy") });
  button.addEventListener("click", async () => {
    await copy(pre.textContent);
    button.textContent = t("copied");
    setTimeout(() => { button.textContent = t("copy"); }, 2000);
  });
  const box = make("div", { className: "code" });
  pre.tabIndex = 0; // it scrolls, also by keyboard
  pre.replaceWith(box);
  box.append(pre, button);
}
function fileOf(file, readOnly) {
  const inside = [icon("clip"), make("span", { textContent: file.name }), make("small", { textContent: size(file.size) })];
  if (readOnly) return make("p", { className: "file" }, ...inside);
  const button = make("button", { type: "button", className: "file", ariaLabel: t("download", { name: file.name }) }, ...inside);
  button.addEventListener("click", () => download(file));
  return button;
}
async function download(file) {
  const answer = await call(`files/${file.id}/`).catch(() => null);
  if (!answer?.ok) { $("problem").textContent = t("failed"); return; }
  const link = make("a", { href: URL.createObjectURL(await answer.blob()), download: file.name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// ---------------------------------------------------------------- the list

/** By the time it was said: two lines may be filed side by side. Lines on their way stay last. */
function place(drawn) {
  const lines = [...$("log").querySelectorAll(".bub")];
  let before = lines.pop();
  while (before && !(before.dataset.at <= drawn.dataset.at)) before = lines.pop();
  before ? before.after(drawn) : $("log").prepend(drawn);
}
let dated = true;
export function date() {
  if (!dated) return;
  dated = false;
  queueMicrotask(() => { dated = true; separate($("log")); mark(); });
}
/** A line between days. */
export function separate(list) {
  let newest = "";
  for (const one of [...list.children]) {
    if (one.className === "day") { one.remove(); continue; }
    const said = one.dataset.at ? day(one.dataset.at) : newest;
    if (said !== newest) one.before(make("li", { className: "day", textContent: said }));
    newest = said;
  }
}
/** “Seen” stands at the newest line of the visitor's that the team has read. */
export function mark() {
  document.querySelector("#log .seen")?.remove();
  const lines = [...$("log").querySelectorAll(".bub--me[data-id]")];
  const line = lines.findLast((one) => Number(one.dataset.id) <= chat.teamRead);
  line?.querySelector(":scope > small").append(make("span", { className: "seen" }, icon("check"), t("seen")));
}
export function toEnd() { $("scroll").scrollTop = 0; $("below").hidden = true; }

/** Take one entry of the feed; each is taken once, whatever comes twice. */
export function take(entry) {
  if (entry.id <= chat.last) return "";
  chat.last = entry.id;
  if (entry.kind === "closed" || entry.kind === "opened") return entry.kind;
  const known = shown.get(entry.message);
  if (!known && entry.kind !== "message") return "";
  const stay = !entry.mine && !atEnd();
  const drawn = bubble(entry);
  if (entry.client_id) { mineSeen.add(entry.client_id); $(`p-${entry.client_id}`)?.remove(); }
  if (known) { drawn.dataset.id = known.dataset.id; known.replaceWith(drawn); }
  else place(drawn);
  shown.set(entry.message, drawn);
  date();
  // what was taken back before it was seen is no news
  if (known || (entry.deleted && !entry.mine)) return "changed";
  if (!entry.mine && entry.id > chat.read) arrive(entry, drawn);
  if (stay && entry.id > chat.read) $("below").hidden = false;
  return entry.mine ? "mine" : "theirs";
}
function arrive(entry, drawn) {
  chat.unread.add(entry.id);
  post("message", { id: entry.id });
  if (chat.open && document.visibilityState === "visible") {
    announce(`${entry.author}: ${drawn.querySelector(".bub__body").innerText}`);
  }
}
export function clear() {
  shown.clear(); mineSeen.clear(); chat.unread.clear();
  chat.last = chat.read = chat.teamRead = 0;
  $("log").replaceChildren();
}

// ---------------------------------------------------------------- the team types

let stops = 0;
export function typing(name) {
  clearTimeout(stops);
  $("typing").hidden = !name;
  $("types").textContent = name ? t("typing", { name }) : "";
  if (name) stops = setTimeout(() => typing(""), 6000);
}
