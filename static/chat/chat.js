/* The chat itself, in a frame on our origin. What was written is kept until the desk has it. */
const root = document.documentElement;
const { key, allowed, frameOrigin } = { key: root.dataset.key, allowed: JSON.parse(root.dataset.origins), frameOrigin: location.origin };
const wanted = new URLSearchParams(location.search).get("origin") || "";
const parentOrigin = allowed.includes(wanted) || wanted === frameOrigin ? wanted : "";
const $ = (id) => document.getElementById(id);
const TEXTS = {
  sending: "Sending", waiting: "Waiting for the network", failed: "Not sent", deleted: "This message was deleted", edited: "edited",
  you: "You", offline: "No connection. What you write is kept and sent later.", ended: "This chat has ended.", thanks: "Thank you!",
  kept: "Answers also go to", many: "That was a lot at once. It is sent in a moment.", file: "This file cannot be sent.",
  1: "Very bad", 2: "Bad", 3: "Fair", 4: "Good", 5: "Very good",
};
let texts = TEXTS, token = "", session = null, last = 0, read = 0, open = false, page = "", user = null, email = "", stopped = null, sending = false, failures = 0;
const shown = new Map(); // message id → element
const unreadIds = new Set();

const store = {
  get: (name) => { try { return localStorage.getItem(`desk.${key}.${name}`) || ""; } catch { return ""; } },
  set: (name, value) => { try { value ? localStorage.setItem(`desk.${key}.${name}`, value) : localStorage.removeItem(`desk.${key}.${name}`); } catch { /* partitioned: the parent keeps the token */ } },
};
let outbox = [];
const keepOutbox = () => store.set("out", outbox.length ? JSON.stringify({ conversation: session?.conversation, lines: outbox }) : "");
const post = (type, data = {}) => { if (parentOrigin && parent !== window) parent.postMessage({ source: "desk", v: 1, type, data }, parentOrigin); };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const make = (tag, set = {}, ...inside) => { const made = Object.assign(document.createElement(tag), set); made.append(...inside); return made; };
const say = (text) => { $("state").textContent = text; $("state").hidden = !text; };
const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

async function call(verb, body, more = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (body && !(body instanceof FormData)) { headers["Content-Type"] = "application/json"; body = JSON.stringify(body); }
  return fetch(`/chat/${key}/${verb}`, { method: body ? "POST" : "GET", body, headers: { ...headers, ...more.headers }, credentials: "omit", cache: "no-store", keepalive: more.keepalive, signal: more.signal });
}

// ---------------------------------------------------------------- the session

async function begin() {
  const who = user ? { name: user.name || "", email: user.email || "", user_id: String(user.id || ""), user_hash: user.hash || "" } : {};
  let answer = await call("sessions/", { page, ...who, ...(email ? { email } : {}) });
  if (answer.status === 401 && who.user_hash) {
    post("error", { type: "identity" });
    answer = await call("sessions/", { page });
  }
  if (!answer.ok) { if (answer.status === 429) say(texts.many); throw new Error(`sessions ${answer.status}`); }
  const found = await answer.json();
  if (session && session.conversation !== found.conversation) forget();
  session = found;
  token = found.token;
  read = Math.max(read, found.read);
  store.set("token", token);
  post("token", { token });
  const left = JSON.parse(store.get("out") || "null");
  if (left && left.conversation === found.conversation && !outbox.length) { outbox = left.lines; outbox.forEach(drawPending); }
  paint();
}
function forget() {
  last = read = 0;
  shown.clear(); unreadIds.clear(); outbox = [];
  $("log").replaceChildren();
}
function paint() {
  $("site").textContent = session.site;
  $("hours").textContent = session.hours.text;
  $("hours").title = session.hours.zone;
  $("greeting").hidden = !session.greeting;
  $("greeting").textContent = session.greeting;
  $("invite").hidden = !session.invite_url;
  if (session.invite_url) $("invite").href = session.invite_url;
  $("kept").textContent = session.email ? `${texts.kept} ${session.email}` : "";
  $("kept").hidden = !session.email;
  $("mail").hidden = Boolean(session.email) || !(session.purpose === "leads" || !session.hours.open || shown.size || outbox.length);
  finish(session.ended);
}
function finish(ended) {
  $("over").hidden = !ended;
  $("end").hidden = ended || !shown.size;
  if (ended) $("mail").hidden = true;
}

// ---------------------------------------------------------------- reading

function bubble(entry) {
  const body = make("div", { className: "bub__body" });
  if (entry.deleted) body.append(make("em", { textContent: texts.deleted }));
  else {
    body.innerHTML = entry.html; // made safe by the desk; the policy of this page runs no script anyway
    body.querySelectorAll("a").forEach((a) => { a.target = "_blank"; a.rel = "noopener noreferrer"; });
  }
  for (const file of entry.deleted ? [] : entry.files) {
    const link = make("button", { type: "button", className: "file", textContent: file.name });
    link.addEventListener("click", () => download(file));
    body.append(link);
  }
  const edited = entry.edited && !entry.deleted ? `, ${texts.edited}` : "";
  const li = make("li", { className: entry.mine ? "bub bub--me" : "bub" }, body, make("small", { textContent: `${entry.mine ? texts.you : entry.author}, ${clock(entry.at)}${edited}` }));
  li.dataset.at = entry.at;
  return li;
}
function take(entry) {
  if (entry.id <= last) return;
  last = entry.id;
  if (entry.kind === "closed") { say(""); session.ended = true; finish(true); return; }
  const drawn = bubble(entry), known = shown.get(entry.message);
  if (entry.client_id) {
    document.getElementById(`p-${entry.client_id}`)?.remove();
    outbox = outbox.filter((line) => line.client_id !== entry.client_id);
    keepOutbox();
  }
  if (known) known.replaceWith(drawn);
  else if (entry.kind === "message") {
    // by the time it was said: two lines may be filed side by side
    const later = [...$("log").children].find((one) => !(one.dataset.at <= entry.at));
    later ? later.before(drawn) : $("log").append(drawn);
    if (entry.mine) session.ended = false;
  } else return;
  shown.set(entry.message, drawn);
  if (!entry.mine && entry.id > read) { unreadIds.add(entry.id); post("message", { id: entry.id }); }
  $("mail").hidden = Boolean(session.email);
  finish(session.ended);
  $("scroll").scrollTop = $("scroll").scrollHeight;
  look();
}
function look() {
  if (open && document.visibilityState === "visible" && unreadIds.size) {
    read = last;
    unreadIds.clear();
    call("read/", { id: last }).catch(() => {});
  }
  post("unread", { count: unreadIds.size });
}
async function download(file) {
  const answer = await call(`files/${file.id}/`);
  if (!answer.ok) return;
  const link = make("a", { href: URL.createObjectURL(await answer.blob()), download: file.name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
async function poll() {
  const answer = await call(`messages/?after=${last}`);
  if (answer.status === 401) throw new Error("401");
  if (answer.ok) (await answer.json()).results.forEach(take);
}
async function listen(signal) {
  const answer = await call("stream/", null, { headers: { "Last-Event-ID": String(last), Accept: "text/event-stream" }, signal });
  if (!answer.ok) throw new Error(String(answer.status));
  failures = 0;
  say("");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const silence = setTimeout(() => reader.cancel(), 40000);
    const { value, done } = await reader.read();
    clearTimeout(silence);
    if (done) return;
    held += value;
    const parts = held.split("\n\n");
    held = parts.pop();
    for (const part of parts) {
      const line = part.split("\n").find((text) => text.startsWith("data: "));
      if (line && part.includes("id: ")) take(JSON.parse(line.slice(6)));
    }
  }
}
async function live() {
  stopped?.abort();
  const mine = (stopped = new AbortController());
  while (!mine.signal.aborted) {
    try {
      if (!session) await begin();
      flush();
      if (failures > 3) await poll(); // a proxy that holds streams back
      await listen(mine.signal);
    } catch (error) {
      failures += 1;
      if (error.message === "401") { session = null; token = ""; store.set("token", ""); }
      if (mine.signal.aborted) return;
      say(navigator.onLine ? "" : texts.offline);
    }
    await pause(failures > 3 ? (open ? 3000 : 30000) : 300 + Math.random() * 700 * failures);
  }
}

// ---------------------------------------------------------------- writing

function drawPending(line) {
  const body = make("div", { className: "bub__body" }, make("p", { textContent: line.body || line.name }));
  $("log").append(make("li", { className: "bub bub--me bub--wait", id: `p-${line.client_id}` }, body, make("small", { textContent: texts.sending })));
  $("scroll").scrollTop = $("scroll").scrollHeight;
}
function mark(line, text) {
  const small = document.querySelector(`#p-${line.client_id} small`);
  if (small) small.textContent = text;
}
function add(line) {
  outbox.push(line);
  keepOutbox();
  drawPending(line);
  flush();
}
async function flush() {
  if (sending || !session) return;
  sending = true;
  try {
    for (let line; (line = outbox.find((one) => !one.sent && !one.failed)); ) {
      const answer = await call("messages/", { client_id: line.client_id, body: line.body }).catch(() => null);
      if (answer?.ok) { line.sent = true; mark(line, texts.you); keepOutbox(); continue; }
      if (answer && answer.status < 500 && answer.status !== 429 && answer.status !== 401) { line.failed = true; mark(line, texts.failed); continue; }
      mark(line, answer?.status === 429 ? texts.many : texts.waiting);
      if (answer?.status === 401) { session = null; live(); return; }
      setTimeout(flush, answer?.status === 429 ? 1000 * (Number(answer.headers.get("Retry-After")) || 5) : 2000);
      return;
    }
  } finally { sending = false; }
}
$("write").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = $("text").value.trim();
  if (!body) return;
  $("text").value = "";
  add({ client_id: crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`, body });
});
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); $("write").requestSubmit(); }
});
$("attach").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", async () => {
  const [file] = $("file").files;
  if (!file) return;
  const form = new FormData();
  form.append("client_id", crypto.randomUUID());
  form.append("file", file);
  $("file").value = "";
  const answer = await call("files/", form).catch(() => null);
  say(answer?.ok ? "" : texts.file);
});
$("mail").addEventListener("submit", async (event) => {
  event.preventDefault();
  email = $("address").value.trim();
  try { await begin(); $("text").focus(); } catch { email = ""; }
});
$("end").addEventListener("click", () => call("end/", {}).then(() => { session.ended = true; finish(true); $("over").querySelector("input").focus(); }));
$("over").addEventListener("submit", async (event) => {
  event.preventDefault();
  const score = Number(new FormData($("over")).get("score"));
  if (!score) return;
  const answer = await call("rating/", { score, comment: $("comment").value });
  if (answer.ok) say(texts.thanks);
});

// ---------------------------------------------------------------- the page around

const heard = {
  hello(data) {
    page = String(data.page || ""); user = data.user || null; texts = { ...TEXTS, ...data.texts }; open = Boolean(data.open);
    for (const [name, value] of Object.entries(data.theme || {})) root.style.setProperty(`--desk-${name}`, value);
    token = store.get("token") || String(data.token || "");
    session = null;
    live();
    if (open) $("text").focus();
  },
  open() { open = true; $("text").focus(); $("scroll").scrollTop = $("scroll").scrollHeight; look(); },
  close() { open = false; },
  reset() { call("reset/", {}).catch(() => {}); stopped?.abort(); token = ""; session = null; email = ""; store.set("token", ""); store.set("out", ""); forget(); },
};
window.addEventListener("message", (event) => {
  if (event.source !== parent || event.origin !== parentOrigin || parent === window) return;
  const said = event.data;
  if (said && said.source === "desk" && said.v === 1 && Object.hasOwn(heard, said.type)) heard[said.type](said.data || {});
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") post("close"); });
document.addEventListener("visibilitychange", look);
window.addEventListener("online", () => { failures = 0; live(); });
window.addEventListener("offline", () => say(texts.offline));
window.addEventListener("pagehide", () => { if (token && session) call("leave/", {}, { keepalive: true }).catch(() => {}); });
post("ready");
