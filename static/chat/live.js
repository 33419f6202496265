/* The session, and what comes from the desk: a stream, or asking again and again. */
import { NoSession, call, open } from "./wire.js";
import { clear, mark, take, typing } from "./entries.js";
import { person } from "./head.js";
import { $, chat, post, say, spread, store, t } from "./page.js";
import { drop, flush, restore } from "./write.js";
import { refresh } from "./panels.js";
import { chime } from "./sound.js";

const HELD_MS = 6000; // nothing at all by then: something between us holds streams back
const SILENT_MS = 40000; // the desk says every 15 s that it is there
const POLL_AFTER = 4, STREAM_AGAIN = 10, POLL_MS = 2500, REST_MS = 30000, IDLE_MS = 60000;
let stopped = null, again = 1000, failures = 0, polls = 0, wake = () => {}, cut = null;

export async function begin(claims = {}) {
  const found = await open(claims);
  if (chat.conversation && chat.conversation !== found.conversation) forget();
  chat.session = found;
  chat.conversation = found.conversation;
  chat.read = Math.max(chat.read, found.read || 0);
  chat.teamRead = Math.max(chat.teamRead, found.team_read || 0);
  restore(found.conversation);
  refresh();
  mark();
  post("status", { step: "session", ok: true });
}
export function forget() { clear(); drop(); typing(""); }
export function leave() { stopped?.abort(); chat.session = null; chat.conversation = ""; }

function hear(entry) {
  const what = take(entry);
  if (what === "closed" || what === "opened") chat.session.ended = what === "closed";
  if (what === "mine") { chat.session.ended = false; drop(entry.client_id); }
  if (what === "theirs") { typing(""); if (entry.id > chat.read) chime(); }
  if (what) { refresh(); look(); }
}
/** What is before the visitor's eyes is read, and stays so when they leave the page at once. */
export function look() {
  if (chat.open && document.visibilityState === "visible" && chat.unread.size) {
    chat.read = chat.last;
    chat.unread.clear();
    call("read/", { id: chat.last }, { keepalive: true }).catch(() => {});
  }
  post("unread", { count: chat.unread.size });
}
const seen = (id) => { if (id > chat.teamRead) { chat.teamRead = id; mark(); } };
const SIGNALS = { typing: (said) => typing(said.name), team_read: (said) => seen(said.id), person };

function event(part) {
  let name = "", data = "";
  for (const line of part.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
    else if (line.startsWith("retry: ")) again = Number(line.slice(7)) || again;
  }
  if (!data) return;
  const said = JSON.parse(data);
  if (Object.hasOwn(SIGNALS, name)) SIGNALS[name](said);
  else if (said?.id) hear(said);
}

async function poll() {
  for (;;) {
    const answer = await call(`messages/?after=${chat.last}`);
    if (!answer.ok) throw new Error(String(answer.status));
    const said = await answer.json();
    said.results.forEach(hear);
    if (said.typing !== undefined) typing(said.typing);
    if (said.team_read) seen(said.team_read);
    if (said.results.length < 100) break;
  }
  say("");
  post("status", { step: "stream", ok: true, by: "polling" });
}
async function listen(signal) {
  const mine = (cut = new AbortController());
  signal.addEventListener("abort", () => mine.abort(), { signal: mine.signal });
  let heard = false, rest = "", silence = setTimeout(() => mine.abort(), HELD_MS);
  try {
    const answer = await call("stream/", null, { headers: { "Last-Event-ID": String(chat.last), Accept: "text/event-stream" }, signal: mine.signal });
    if (!answer.ok) { heard = true; throw new Error(String(answer.status)); }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      clearTimeout(silence);
      if (done) return;
      silence = setTimeout(() => mine.abort(), SILENT_MS);
      if (!heard) { heard = true; failures = polls = 0; say(""); post("status", { step: "stream", ok: true, by: "stream" }); }
      rest += value;
      const parts = rest.split("\n\n");
      rest = parts.pop();
      parts.forEach(event);
    }
  } finally {
    clearTimeout(silence);
    if (!heard && mine.signal.aborted && !signal.aborted && navigator.onLine) failures = Math.max(failures, POLL_AFTER);
    mine.abort();
  }
}

/** Nobody looks and nobody waits: a browser has few connections for one host. */
const idle = () => document.visibilityState === "hidden" && !chat.open;
function next(signal) {
  const isHeld = failures >= POLL_AFTER && polls % STREAM_AGAIN !== STREAM_AGAIN - 1;
  if (!idle() && !isHeld) { polls += failures >= POLL_AFTER ? 1 : 0; return listen(signal); }
  polls += 1;
  return poll();
}
export async function live() {
  stopped?.abort();
  const { signal } = (stopped = new AbortController());
  while (!signal.aborted) {
    let wait = 0;
    try {
      if (!chat.session) await begin();
      if (signal.aborted) return;
      flush();
      await next(signal);
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      wait = explain(error);
    }
    if (!wait) wait = pause();
    await new Promise((done) => { wake = done; setTimeout(done, spread(wait)); });
  }
}
const pause = () => {
  if (idle()) return REST_MS;
  if (failures >= POLL_AFTER) return chat.open ? POLL_MS : REST_MS;
  return again * (1 + failures);
};
/** Ask at once, whatever it waits for; after a reset it begins anew. */
export function rouse() { stopped && !stopped.signal.aborted ? wake() : live(); }
/** Say what is wrong; gives how long to leave the desk alone, in ms, 0 for the usual. */
function explain(error) {
  if (error.message === "401") { chat.session = null; chat.token = ""; store.set("token", ""); }
  if (!(error instanceof NoSession)) {
    if (!navigator.onLine || failures > 2) say(t("offline"));
    return 0;
  }
  post("status", { step: "session", ok: false, status: error.status });
  const minutes = Math.max(1, Math.ceil(error.wait / 60));
  say(error.status === 429 ? t("busy", { n: minutes }) : error.status === 403 ? t("refused") : t("offline"));
  return error.status === 429 || error.status === 403 ? Math.min(minutes, 5) * 60000 : 0;
}

let resting = 0;
document.addEventListener("visibilitychange", () => {
  look();
  clearTimeout(resting);
  if (idle()) resting = setTimeout(() => { if (idle()) cut?.abort(); }, IDLE_MS);
  else wake();
});
window.addEventListener("online", () => { failures = 0; if (chat.page) live(); });
window.addEventListener("offline", () => say(t("offline")));
window.addEventListener("pagehide", () => { if (chat.token && chat.session) call("leave/", {}, { keepalive: true }).catch(() => {}); });
$("below").addEventListener("click", () => { $("scroll").focus(); $("scroll").scrollTop = 0; });
$("scroll").addEventListener("scroll", () => { if ($("scroll").scrollTop > -60) $("below").hidden = true; });
