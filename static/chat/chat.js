/* The chat itself, in a frame on our origin: it hears the page around, and nobody else. */
import { call } from "./wire.js";
import { toEnd } from "./entries.js";
import { forget, leave, live, look, rouse } from "./live.js";
import { back, refresh } from "./panels.js";
import { $, chat, parentOrigin, post, root, speak, store, t } from "./page.js";
import { forgetDraft, recall } from "./write.js";

const THEME = ["accent", "on-accent"];

const enter = () => ($("ask").hidden ? $("text") : $("ask").querySelector("input, select"))?.focus();
const heard = {
  hello(data) {
    Object.assign(chat, { page: String(data.page || ""), referrer: String(data.referrer || ""), user: data.user || null, open: Boolean(data.open), session: null });
    for (const name of THEME) if (data.theme?.[name]) root.style.setProperty(`--desk-${name}`, data.theme[name]);
    root.dataset.scheme = data.scheme || "";
    speak(data.texts, data.locale);
    $("text").placeholder = t("write");
    heard.size(data);
    store.take(data.kept);
    chat.token = store.get("token") || String(data.token || "");
    recall();
    live();
    if (chat.open) enter();
  },
  open(data) {
    chat.open = true;
    heard.size(data);
    toEnd();
    enter();
    look();
    rouse();
  },
  close() { chat.open = false; },
  size(data) { $("shut").hidden = !data.modal; },
  reset() {
    call("reset/", {}).catch(() => {});
    leave();
    chat.token = "";
    chat.user = null;
    chat.claims = {};
    for (const name of ["token", "out", "asked", "no-mail"]) store.set(name, "");
    forgetDraft();
    forget();
    back();
    post("unread", { count: 0 });
  },
};
window.addEventListener("message", (event) => {
  if (event.source !== parent || event.origin !== parentOrigin || parent === window) return;
  const said = event.data;
  if (said && said.source === "desk" && said.v === 1 && Object.hasOwn(heard, said.type)) heard[said.type](said.data || {});
});
document.addEventListener("keydown", (event) => {
  // one step back: the menu closes by itself, then the panel, then the chat
  if (event.key === "Escape" && !$("menu").matches(":popover-open") && !back()) post("close");
});
$("shut").addEventListener("click", () => post("close"));
$("menu").addEventListener("toggle", refresh);
speak();
post("ready");
