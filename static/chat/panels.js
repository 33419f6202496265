/* What is asked and offered beside writing: fields before the first line, e-mail, the menu, the rating. */
import { call } from "./wire.js";
import { bubble, separate, shown, toEnd } from "./entries.js";
import { paint } from "./head.js";
import { begin } from "./live.js";
import { $, chat, clock, day, make, store, t } from "./page.js";
import { outbox } from "./write.js";
import { soundIsOn, toggleSound } from "./sound.js";

const NAMES = ["name", "email", "topic"];
const ADDRESS = /^[^@\s<>,;]{1,64}@[^@\s<>,;]{1,180}\.[^@\s<>,;]{2,24}$/;
let changing = false, rating = false;

/** Show what fits the state the conversation is in. */
export function refresh() {
  const { session } = chat;
  if (!session) return;
  paint();
  const fields = wantedFields();
  const asking = fields.some(isWorthAForm) && !shown.size && !outbox.length && store.get("asked") !== session.conversation;
  const had = document.activeElement;
  $("ask").hidden = !asking;
  $("write").hidden = asking;
  if (asking) ask(fields);
  if (asking && had === $("text")) $("ask").querySelector("input, select").focus();
  mail(asking);
  finish();
  $("m-history").hidden = !session.history?.length;
  $("m-transcript").hidden = !shown.size;
  $("m-sound").textContent = t(soundIsOn() ? "sound_off" : "sound_on");
  $("m-end").hidden = session.ended || !shown.size;
}
const send = async (verb, body) => (await call(verb, body).catch(() => null))?.status || 0;

// ---------------------------------------------------------------- before the first line

function wantedFields() {
  const { fields = {}, name, email, topic, topics = [] } = chat.session;
  const known = { name: name || chat.user?.name, email, topic: topic || (topics.length ? "" : "nothing to choose") };
  return NAMES.filter((name) => fields[name] && fields[name] !== "off" && !known[name]);
}
// an address that need not be given is asked for beside the conversation, and stops nobody
const isWorthAForm = (name) => name !== "email" || chat.session.fields.email === "required";
function ask(fields) {
  if ($("fields").dataset.for === fields.join()) return; // words in them stay
  $("fields").dataset.for = fields.join();
  $("ask-title").textContent = t(chat.session.purpose === "leads" ? "before_leads" : "before");
  $("fields").replaceChildren(...fields.flatMap(field));
}
function field(name) {
  const needed = chat.session.fields[name] === "required";
  const id = `f-${name}`, input = name === "topic" ? choice() : make("input", { type: name === "email" ? "email" : "text", maxLength: name === "email" ? 250 : 120 });
  Object.assign(input, { id, name, autocomplete: name === "topic" ? "off" : name, ariaRequired: String(needed) });
  input.setAttribute("aria-describedby", `${id}-bad`);
  const label = needed ? t(name) : t("optional", { label: t(name) });
  return [make("label", { htmlFor: id, textContent: label }), input, make("p", { id: `${id}-bad`, className: "bad", role: "alert" })];
}
function choice() {
  const texts = chat.session.topics.map((text) => make("option", { textContent: text, value: text }));
  return make("select", {}, make("option", { textContent: t("topic_none"), value: "" }), ...texts);
}
function complain(input, text) {
  $(`${input.id}-bad`).textContent = text;
  input.ariaInvalid = String(Boolean(text));
}
function wrongWith(input) {
  const value = input.value.trim();
  if (!value) return chat.session.fields[input.name] === "required" ? t("missing") : "";
  return input.name === "email" && !ADDRESS.test(value) ? t("bad_email") : "";
}
$("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const inputs = [...$("fields").querySelectorAll("input, select")];
  inputs.forEach((input) => complain(input, wrongWith(input)));
  const wrong = inputs.find((input) => input.ariaInvalid === "true");
  if (wrong) { wrong.focus(); return; }
  const given = Object.fromEntries(inputs.map((input) => [input.name, input.value.trim()]).filter(([, value]) => value));
  store.set("asked", chat.session.conversation);
  try { await begin(given); } catch (error) {
    store.set("asked", "");
    const email = inputs.find((input) => input.name === "email");
    if (error.status === 400 && email) { complain(email, t("bad_email")); email.focus(); } else $("problem").textContent = t("failed");
    return;
  }
  store.set("asked", chat.session.conversation);
  refresh();
  $("text").focus();
});

// ---------------------------------------------------------------- answers by e-mail

function mail(asking) {
  const { email, ended, purpose, hours } = chat.session;
  const fits = purpose === "leads" || !hours.open || shown.size || outbox.length;
  const offered = !email && fits && store.get("no-mail") !== chat.session.conversation;
  $("mail").hidden = asking || ended || !(changing || offered);
  $("keep").hidden = !email || !$("mail").hidden || asking || ended;
  $("mail-label").textContent = t(purpose === "leads" ? "leave_email_leads" : "leave_email");
  $("mail-no").textContent = t(changing ? "cancel" : "not_now");
}
$("change").addEventListener("click", () => { changing = true; $("address").value = chat.session.email; refresh(); $("address").select(); });
$("mail-no").addEventListener("click", () => {
  if (!changing) store.set("no-mail", chat.session.conversation);
  changing = false;
  $("mail").hidden = true;
  refresh();
  $("text").focus();
});
$("mail").addEventListener("submit", async (event) => {
  event.preventDefault();
  const email = $("address").value.trim();
  complain($("address"), ADDRESS.test(email) ? "" : t("bad_email"));
  if (!ADDRESS.test(email)) { $("address").focus(); return; }
  const before = changing;
  changing = false;
  try { await begin({ email }); $("text").focus(); } catch (error) {
    changing = before;
    complain($("address"), t(error.status === 400 ? "bad_email" : "failed"));
  }
});

// ---------------------------------------------------------------- the panel over the talk

function show(title, ...inside) {
  $("panel-title").textContent = title;
  $("panel-in").replaceChildren(...inside);
  $("panel").hidden = false;
  $("talk").hidden = true;
  $("panel-title").focus();
}
/** Close the panel; whether there was one. */
export function back() {
  if ($("panel").hidden) return false;
  $("panel").hidden = true;
  $("talk").hidden = false;
  toEnd();
  $("more").focus();
  return true;
}
$("back").addEventListener("click", back);

function earlier() {
  const list = make("ul", { className: "list" });
  for (const one of chat.session.history || []) {
    const button = make("button", { type: "button" }, make("b", { textContent: one.title || t("untitled") }), make("small", { textContent: `${day(one.at)}, ${clock(one.at)}` }));
    button.addEventListener("click", () => read(one));
    list.append(make("li", {}, button));
  }
  show(t("history"), chat.session.history?.length ? list : make("p", { textContent: t("history_none") }));
}
async function read(one) {
  const answer = await call(`messages/?conversation=${encodeURIComponent(one.conversation)}`).catch(() => null);
  const found = answer?.ok ? (await answer.json()).results : null;
  if (!found) { show(t("history"), make("p", { textContent: t("history_failed") })); return; }
  const lines = new Map();
  for (const entry of found) if (entry.message) lines.set(entry.message, bubble(entry, { readOnly: true }));
  const list = make("ul", { className: "lines" }, ...lines.values());
  separate(list);
  show(one.title || t("untitled"), make("p", { className: "soft", textContent: t("history_read") }), list);
}
async function transcript() {
  const text = make("p", { role: "status" });
  show(t("transcript"), text);
  // since the page was opened a line was written, or the address confirmed
  if (!chat.session.transcript) await begin().catch(() => {});
  const { email, transcript: may } = chat.session;
  if (!email) text.textContent = t("transcript_no_email");
  else if (may === false) text.textContent = t("transcript_unconfirmed", { email });
  else text.textContent = t("transcript_to", { email });
  const button = make("button", { type: "button", className: "go", textContent: t("transcript_send") });
  button.addEventListener("click", async () => {
    const status = await send("transcript/", {});
    const said = { 202: "transcript_sent", 409: "transcript_unconfirmed", 429: "transcript_many" };
    text.textContent = t(said[status] || "failed", { email });
    if (said[status]) { button.remove(); $("back").focus(); }
  });
  if (email && may !== false) text.after(button);
}

const DOES = {
  "m-history": earlier,
  "m-transcript": transcript,
  "m-sound": () => { toggleSound(); refresh(); },
  "m-end": async () => {
    if ((await send("end/", {})) !== 204) { $("problem").textContent = t("failed"); return; }
    chat.session.ended = true;
    refresh();
    $("over").querySelector("input").focus();
  },
};
for (const [id, act] of Object.entries(DOES)) {
  $(id).addEventListener("click", () => { $("menu").hidePopover(); act(); });
}

// ---------------------------------------------------------------- when it is over

function finish() {
  const { ended, rating: score } = chat.session;
  const had = $("over").contains(document.activeElement);
  $("over").hidden = !ended;
  $("rate").hidden = Boolean(score) && !rating;
  $("rated").hidden = !score || rating;
  if (score) $("rated-as").textContent = t("rated", { score: t(`score_${score}`) });
  if (had && !ended) $("text").focus();
}
$("again").addEventListener("click", () => {
  rating = true;
  refresh();
  const now = $("over").querySelector(`[value="${chat.session.rating}"]`);
  now.checked = true;
  now.focus();
});
$("over").addEventListener("submit", async (event) => {
  event.preventDefault();
  const score = Number(new FormData($("over")).get("score"));
  $("score-bad").textContent = score ? "" : t("rate_needed");
  if (!score) { $("over").querySelector("input").focus(); return; }
  if ((await send("rating/", { score, comment: $("comment").value.trim() })) !== 204) { $("score-bad").textContent = t("failed"); return; }
  chat.session.rating = score;
  rating = false;
  refresh();
  $("again").focus();
});
