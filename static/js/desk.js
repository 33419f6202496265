// The desk's own behaviour: drafts, presence, the CSRF header. No state, no HTML from data.
// Keys, the palette, the focus and the toasts stand in modules of their own.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// The token goes with our own requests only, never with one that a stranger's HTML caused.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.closest("[hx-disable]")) { event.preventDefault(); return; }
  event.detail.headers["X-CSRFToken"] = document.body.dataset.csrf;
});

// A fragment is fetched at once, then calmly: the last of many changes is never left out, as it
// would be by htmx's own throttle. A desk that answers slowly is asked less often: at most a tenth
// of the time is spent waiting for one fragment. Who is here is small and soon stale: it rests for a
// second at most (`data-rest`).
const fetchedAt = new Map(), rest = new Map(), planned = new Set();
document.addEventListener("htmx:beforeRequest", (event) => {
  const { id, dataset } = event.detail.elt;
  if (!dataset.calm) return;
  const { now } = event.detail.requestConfig.triggeringEvent?.detail ?? {};
  const wait = now ? 0 : (fetchedAt.get(id) ?? 0) + Math.max(Number(dataset.calm), rest.get(id) ?? 0) - Date.now();
  if (wait <= 0) { fetchedAt.set(id, Date.now()); return; }
  event.preventDefault();
  if (planned.has(id)) return;
  planned.add(id);
  setTimeout(() => { planned.delete(id); const there = document.getElementById(id); if (there) htmx.trigger(there, "calm"); }, wait);
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt } }) => {
  if (elt.dataset.calm) rest.set(elt.id, Math.min((Date.now() - fetchedAt.get(elt.id)) * 10, elt.dataset.rest ?? 30000));
});

// A key may be pressed between the moment in which a dialog's list is shown and the one in which
// htmx looks at it; a button would then leave the page, and words that are not kept yet with it.
document.addEventListener("htmx:afterSwap", ({ target }) => { if (target.closest("dialog")) htmx.process(target); });

const insert = (text) => {
  const words = $("#words");
  words.focus();
  words.setRangeText(text, words.selectionStart, words.selectionEnd, "end");
  words.dispatchEvent(new Event("input", { bubbles: true }));
};

// A macro's words come with its answer and go to where the cursor stands.
document.addEventListener("htmx:afterSettle", () => {
  const given = $("#macro-used [data-insert]");
  if (!given || !$("#words")) return;
  const text = given.textContent;
  given.remove();
  $("#macro-dialog")?.close();
  insert(text);
});

// An answer from elsewhere goes into the reply, as a paragraph of its own.
document.addEventListener("click", (event) => {
  const given = event.target.closest('[data-do="insert"]');
  const words = $("#words");
  if (!given || !words) return;
  const reply = $("#mode-reply");
  if (reply && !reply.checked) reply.click();
  given.closest("[popover]:popover-open")?.hidePopover();
  const before = words.value.slice(0, words.selectionStart);
  insert(`${before && !before.endsWith("\n") ? "\n\n" : ""}${given.dataset.insert}\n\n`);
});

// Who has this ticket open: said while the page is looked at, taken back when it is left.
const talk = $("[data-here]");
if (talk) {
  const BEAT = 15000, TYPING = 3000, QUIET = 20000, READ = 3200;
  const words = $("#words"), scroller = $(".talk__scroll"), slot = $("#newline");
  const tab = [...crypto.getRandomValues(new Uint8Array(8))].map((n) => n.toString(16).padStart(2, "0")).join("");
  let doing = "looking", said = 0, typed = 0, seen = 0, readAt = 0, known = 0, later = 0;

  const form = (state) => {
    const data = new FormData();
    Object.entries({ tab, doing: state, seen, csrfmiddlewaretoken: document.body.dataset.csrf }).forEach(([name, value]) => data.set(name, value));
    return data;
  };
  const tell = () => {
    if (document.hidden) return;
    said = Date.now();
    fetch(talk.dataset.here, { method: "POST", body: form(doing) }).catch(() => {});
  };
  const be = (state) => {
    if (state === doing && (state === "looking" || Date.now() - said < TYPING)) return;
    doing = state;
    tell();
  };
  const leave = () => { doing = "looking"; navigator.sendBeacon(talk.dataset.here, form("left")); };
  const writing = () => {
    if (!words.value.trim()) { be("looking"); return; }
    typed = Date.now();
    be($("#mode-reply")?.checked ? "replying" : "noting");
  };
  // What stands on the screen has been read; an answer to less than that is asked about.
  const read = () => {
    const newest = Number($("#thread").dataset.newest) || 0;
    if (document.hidden || Math.abs(scroller.scrollTop) > 40 || newest <= seen) return;
    clearTimeout(known);
    known = setTimeout(() => { slot.replaceChildren(); const field = $("[name=last_seen_message]"); if (field) field.value = newest; }, 700);
    clearTimeout(later);
    later = setTimeout(() => { seen = newest; readAt = Date.now(); tell(); }, Math.max(1000, readAt + READ - Date.now()));
  };
  const pill = () => {
    const button = document.createElement("button");
    button.className = "newpill";
    button.type = "button";
    const news = $$("#thread .msg[id^=message]").filter((line) => Number(line.id.slice(8)) > seen).length || 1;
    button.textContent = news === 1 ? "1 new message" : `${news} new messages`;
    button.addEventListener("click", () => { scroller.scrollTop = 0; read(); });
    slot.replaceChildren(button);
  };

  words?.addEventListener("input", writing);
  $$("[name=mode]", talk).forEach((mode) => mode.addEventListener("change", () => { if (Date.now() - typed < QUIET) writing(); }));
  setInterval(() => {
    if (doing !== "looking" && Date.now() - typed > QUIET) be("looking");
    else if (Date.now() - said >= BEAT - 500) tell();
  }, 1000);
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); else { tell(); read(); } });
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => { if (event.persisted) tell(); });
  scroller.addEventListener("scroll", read);
  document.addEventListener("htmx:afterSettle", (event) => {
    // what the visitor has read stands at the message
    if (event.target.id === "presence" && event.target.dataset.read !== $("#thread").dataset.read) htmx.trigger($("#thread"), "calm");
    if (event.target.id !== "thread") return;
    if (Number(event.target.dataset.newest) > seen && Math.abs(scroller.scrollTop) > 40) pill();
    read();
  });
  // what passed before the stream stood is not told again
  document.addEventListener("htmx:sseOpen", () => htmx.trigger($("#presence"), "calm"));
  tell();
  read();
}

// Rules are put in order by dragging or with the arrow keys; without either, the buttons do it.
for (const list of $$("[data-sortable]")) {
  let dragged = null;
  for (const line of $$("[data-rule]", list)) {
    const form = $(".rule__move", line);
    const handle = $(".rule__drag", line);
    handle.draggable = true;
    handle.addEventListener("click", (event) => event.detail && event.preventDefault());
    handle.addEventListener("keydown", (event) => {
      const button = { ArrowUp: '[value="up"]', ArrowDown: '[value="down"]' }[event.key];
      if (button) { event.preventDefault(); form.requestSubmit($(button, form)); }
    });
    handle.addEventListener("dragstart", (event) => { dragged = form; event.dataTransfer.setDragImage(line, 0, 0); });
    line.addEventListener("dragover", (event) => { if (dragged) { event.preventDefault(); line.classList.add("is-over"); } });
    line.addEventListener("dragleave", () => line.classList.remove("is-over"));
    line.addEventListener("drop", (event) => {
      event.preventDefault();
      const before = $('[name="before"]', dragged);
      before.disabled = false;
      before.value = line.dataset.rule;
      dragged.submit();
    });
  }
}
