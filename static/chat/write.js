/* Writing: what was written is kept until the desk has it. */
import { call, upload } from "./wire.js";
import { date, isShown, toEnd } from "./entries.js";
import { $, announce, chat, make, size, spread, store, t, uid } from "./page.js";
import { live } from "./live.js";
import { refresh } from "./panels.js";

const MOST = 4000, NEAR = 3600, MOST_BYTES = 10 * 1024 * 1024, MOST_FILES = 5;
const ENDINGS = new Set("png jpg jpeg gif webp pdf txt log csv json yaml yml toml md zip gz".split(" "));
const FAILED = { 413: "file_large", 415: "file_type" };
export let outbox = [];
let sending = false;

// ---------------------------------------------------------------- lines on their way

function keep() {
  const lines = outbox.filter((line) => !line.file);
  store.set("out", lines.length ? JSON.stringify({ conversation: chat.session?.conversation, lines }) : "");
}
/** Take up what an earlier page had not sent. */
export function restore(conversation) {
  const left = store.json("out");
  if (!left || outbox.length || (left.conversation && left.conversation !== conversation)) return;
  outbox = left.lines.filter((line) => !isShown(line.client_id)).map((line) => ({ ...line, sent: false }));
  outbox.forEach(draw);
}
/** A line is here, or (without an id) all are forgotten. */
export function drop(clientId) {
  outbox = clientId ? outbox.filter((line) => line.client_id !== clientId) : [];
  keep();
}
function draw(line) {
  const body = make("div", { className: "bub__body" }, make("p", { textContent: line.file ? `${line.file.name}, ${size(line.file.size)}` : line.body }));
  if (line.file) body.append(make("progress", { max: 1, value: 0, ariaLabel: line.file.name }));
  $("log").append(make("li", { className: "bub bub--me bub--wait", id: `p-${line.client_id}` }, body, make("small", { textContent: t("sending") })));
  if (line.failed) fail(line, t("not_sent"));
  date();
  toEnd();
}
const label = (line, text) => {
  const small = document.querySelector(`#p-${line.client_id} small`);
  if (small) small.textContent = text;
  return small;
};
function fail(line, why) {
  line.failed = true;
  const again = make("button", { type: "button", className: "quiet", textContent: t("again") });
  again.addEventListener("click", () => {
    line.failed = false;
    label(line, t("sending"));
    $("text").focus();
    line.file ? push(line) : flush();
  });
  label(line, why)?.append(" ", again);
  announce(why);
}
function add(line) {
  outbox.push(line);
  keep();
  draw(line);
  refresh();
  line.file ? push(line) : flush();
}
export async function flush() {
  if (sending || !chat.session) return;
  sending = true;
  let elsewhere = false; // another tab has begun a new chat: what is sent from here goes there
  try {
    for (let line; (line = outbox.find((one) => !one.sent && !one.failed && !one.file)); ) {
      const answer = await call("messages/", { client_id: line.client_id, body: line.body }).catch(() => null);
      const status = answer?.status || 0;
      if (answer?.ok) {
        line.sent = true;
        label(line, t("you"));
        keep();
        elsewhere ||= ((await answer.json()).conversation || chat.conversation) !== chat.conversation;
        continue;
      }
      if (status === 401) { chat.session = null; live(); return; }
      if (status && status < 500 && status !== 429) { fail(line, t("not_sent")); keep(); continue; }
      label(line, status === 429 ? t("many") : t("waiting"));
      setTimeout(flush, spread(status === 429 ? 1000 * (Number(answer.headers.get("Retry-After")) || 5) : 2000));
      return;
    }
    if (elsewhere) { chat.session = null; live(); }
  } finally { sending = false; }
}

// ---------------------------------------------------------------- files

async function push(line) {
  const form = new FormData(), bar = document.querySelector(`#p-${line.client_id} progress`);
  form.append("client_id", line.client_id);
  form.append("file", line.file, line.file.name);
  const status = await upload(form, (part) => { bar.value = part; });
  if (status >= 200 && status < 300) { label(line, t("you")); bar.hidden = true; return; }
  if (status === 429) { label(line, t("many")); setTimeout(() => push(line), spread(10000)); return; }
  if (!status) { fail(line, t("waiting")); return; }
  fail(line, t(FAILED[status] || "file_failed", { name: line.file.name }));
}
function attach(files) {
  const problem = (file) => {
    if (!ENDINGS.has(file.name.split(".").pop().toLowerCase())) return "file_type";
    return file.size > MOST_BYTES ? "file_large" : "";
  };
  const list = [...files], wrong = [];
  if (list.length > MOST_FILES) wrong.push(t("file_many"));
  for (const file of list.slice(0, MOST_FILES)) {
    const why = problem(file);
    why ? wrong.push(t(why, { name: file.name })) : add({ client_id: uid(), file });
  }
  $("problem").textContent = wrong.join(". ");
}
$("attach").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => { attach($("file").files); $("file").value = ""; $("text").focus(); });
$("text").addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) { event.preventDefault(); attach(event.clipboardData.files); }
});
const carries = (event) => chat.session && !$("write").hidden && event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => { if (carries(event)) { event.preventDefault(); $("drop").hidden = false; } });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").hidden = true; });
document.addEventListener("drop", (event) => {
  $("drop").hidden = true;
  if (carries(event)) { event.preventDefault(); attach(event.dataTransfer.files); }
});

// ---------------------------------------------------------------- the field

const over = () => [...$("text").value.trim()].length - MOST; // characters as the desk counts them
function measure() {
  const n = over();
  $("left").hidden = n < NEAR - MOST;
  $("left").textContent = n > 0 ? t("over", { n }) : t("left", { n: -n });
  $("left").classList.toggle("bad", n > 0);
  if (CSS.supports("field-sizing", "content")) return;
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight}px`;
}
let said = 0;
$("text").addEventListener("input", () => {
  store.set("draft", $("text").value);
  $("problem").textContent = "";
  measure();
  if (!chat.session || !$("text").value || Date.now() - said < 3000) return;
  said = Date.now();
  call("typing/", {}).catch(() => {});
});
$("text").addEventListener("keydown", (event) => {
  // 229: an input method still composes, in browsers that end composing before the key
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  $("write").requestSubmit();
});
$("write").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = $("text").value.trim();
  $("text").focus();
  if (!body) return;
  if (over() > 0) { announce($("left").textContent); return; }
  $("text").value = "";
  store.set("draft", "");
  said = 0;
  measure();
  add({ client_id: uid(), body });
});
/** The words that were there before the page was loaded again. */
export function recall() {
  if (!$("text").value) $("text").value = store.get("draft");
  measure();
}
export function forgetDraft() { $("text").value = ""; store.set("draft", ""); measure(); }
