/* What every part of the frame uses: its state, the texts, elements, storage and times. */
import { TEXTS } from "./texts.js";

export const root = document.documentElement;
export const key = root.dataset.key;
export const chat = {
  session: null, conversation: "", token: "", page: "", referrer: "", user: null, claims: {}, open: false,
  last: 0, read: 0, teamRead: 0, unread: new Set(),
};

// ---------------------------------------------------------------- the page around

const wanted = new URLSearchParams(location.search).get("origin") || "";
export const parentOrigin = [...JSON.parse(root.dataset.origins), location.origin].includes(wanted) ? wanted : "";
export const post = (type, data = {}) => {
  if (parentOrigin && parent !== window) parent.postMessage({ source: "desk", v: 1, type, data }, parentOrigin);
};

// ---------------------------------------------------------------- storage

const named = (name) => `desk.${key}.${name}`;
let held = {}; // browsers that give a frame of another site no storage: the page around keeps it
export const store = {
  take(given) { held = { ...given, ...held }; },
  get(name) { try { return localStorage.getItem(named(name)) || ""; } catch { return held[name] || ""; } },
  set(name, value) {
    try { value ? localStorage.setItem(named(name), value) : localStorage.removeItem(named(name)); } catch {
      if ((held[name] || "") === value) return;
      held[name] = value;
      post("keep", { name, value });
    }
  },
  json(name) { try { return JSON.parse(this.get(name)); } catch { return null; } },
};

// ---------------------------------------------------------------- elements

export const $ = (id) => document.getElementById(id);
export const make = (tag, set = {}, ...inside) => {
  const made = Object.assign(document.createElement(tag), set);
  made.append(...inside);
  return made;
};
export const icon = (name) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  made.setAttribute("class", "i");
  made.setAttribute("aria-hidden", "true");
  made.append(use);
  return made;
};
export const say = (text) => { if ($("state").textContent !== text) $("state").textContent = text; $("state").hidden = !text; };
/** Read out by screen readers, once; shown by something else. */
export const announce = (text) => {
  const line = make("p", { textContent: text });
  $("said").append(line);
  setTimeout(() => line.remove(), 10000);
};
/** Never earlier, and not all at once: many pages wait for the same desk. */
export const spread = (ms) => ms * (1 + Math.random() / 2);
// crypto.randomUUID is for secure contexts alone, and a site under http has none
export const uid = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");

export async function copy(text) {
  try { await navigator.clipboard.writeText(text); return; } catch { /* no secure context, or not allowed */ }
  const field = document.body.appendChild(make("textarea", { value: text, className: "vh" }));
  const before = document.activeElement;
  field.select();
  document.execCommand("copy");
  field.remove();
  before?.focus();
}

// ---------------------------------------------------------------- texts and times

let texts = TEXTS, language = "en", format = "en";
export const t = (name, values = {}) => String(texts[name]).replace(/\{(\w+)\}/g, (_, word) => values[word] ?? "");
/** The parts of a text around one word in braces, for words that are elements. */
export const around = (name, word) => {
  const [before, after = ""] = String(texts[name]).split(`{${word}}`);
  return [before, after];
};
export function speak(given = {}, locale = "en") {
  texts = { ...TEXTS, ...Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(TEXTS, name))) };
  try { language = Intl.getCanonicalLocales(locale)[0] || "en"; } catch { language = "en"; }
  const own = navigator.language || "en";
  // a browser's own variant says how its owner writes the time; English without one is written as in Europe
  if (own.split("-")[0] === language) format = own;
  else format = language === "en" ? "en-GB" : language;
  root.lang = language;
  root.dir = /^(ar|ckb|dv|fa|he|ps|sd|ug|ur|yi)\b/.test(language) ? "rtl" : "ltr";
  document.title = t("title");
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll("[data-label]")) { one.ariaLabel = t(one.dataset.label); one.title = one.matches("button") ? one.ariaLabel : ""; }
}
export const clock = (at) => new Date(at).toLocaleTimeString(format, { hour: "2-digit", minute: "2-digit" });
export const size = (bytes) => {
  const [n, unit] = bytes < 1e6 ? [Math.max(1, Math.round(bytes / 1e3)), "kilobyte"] : [bytes / 1e6, "megabyte"];
  return new Intl.NumberFormat(format, { style: "unit", unit, maximumFractionDigits: 1 }).format(n);
};
export function day(at) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  return new Date(at).toLocaleDateString(format, { weekday: "long", day: "numeric", month: "long", ...(days > 300 ? { year: "numeric" } : {}) });
}

const offset = (at, timeZone) => new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" }).formatToParts(at).find((part) => part.type === "timeZoneName").value;
/** A time of the team's zone says so where the visitor's clock shows another. */
function placed(when, zone, at = new Date()) {
  if (!zone || offset(at, zone) === offset(at)) return when;
  return t("in_zone", { when, place: zone.split("/").at(-1).replaceAll("_", " ") });
}
/** When an answer can be expected: from the values where the desk gives them, else its own words. */
export function expectation(hours) {
  if (!hours.open) {
    if (!hours.opens_at) return t("by_mail");
    const at = new Date(hours.opens_at), timeZone = hours.zone || undefined;
    const shown = (options, when = at) => when.toLocaleString(format, { timeZone, ...options });
    const time = shown({ hour: "2-digit", minute: "2-digit" });
    const date = { year: "numeric", month: "numeric", day: "numeric" };
    if (shown(date) === shown(date, new Date())) return placed(t("back_today", { time }), hours.zone, at);
    const far = at - Date.now() > 6 * 864e5;
    return placed(t("back_day", { day: shown(far ? { day: "numeric", month: "long" } : { weekday: "long" }), time }), hours.zone, at);
  }
  const { minutes, until: time } = hours;
  if (!minutes) {
    if (!hours.zone) return t("unknown");
    return time ? placed(t("open_until", { time }), hours.zone) : t("open");
  }
  const answers = minutes < 60 ? t("answers_minutes", { n: minutes }) : t("answers_hours", { n: Math.round(minutes / 60) });
  return time ? placed(t("answers_until", { answers, time }), hours.zone) : answers;
}
