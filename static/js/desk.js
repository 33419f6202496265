// The desk's own behaviour: keys, toasts, drafts, the CSRF header. No state, no HTML from data.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// The token goes with our own requests only, never with one that a stranger's HTML caused.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.closest("[hx-disable]")) { event.preventDefault(); return; }
  event.detail.headers["X-CSRFToken"] = document.body.dataset.csrf;
});

// A fragment is fetched at once, then calmly: the last of many changes is never left out, as it
// would be by htmx's own throttle.
const fetchedAt = new Map(), planned = new Set();
document.addEventListener("htmx:beforeRequest", (event) => {
  const { id, dataset } = event.detail.elt;
  if (!dataset.calm) return;
  const wait = (fetchedAt.get(id) ?? 0) + Number(dataset.calm) - Date.now();
  if (wait <= 0) { fetchedAt.set(id, Date.now()); return; }
  event.preventDefault();
  if (planned.has(id)) return;
  planned.add(id);
  setTimeout(() => { planned.delete(id); const there = document.getElementById(id); if (there) htmx.trigger(there, "calm"); }, wait);
});

// Nothing moves under the pointer or the focus: a list that is in use is morphed a little later.
document.addEventListener("htmx:beforeSwap", (event) => {
  const list = event.detail.target;
  if (list.matches?.("#queue, #list") && list.matches(":hover")) {
    event.detail.shouldSwap = false;
    const slot = $("#newslot");
    if (slot && !slot.firstChild) {
      const pill = document.createElement("button");
      pill.className = "newpill";
      pill.type = "button";
      pill.textContent = "Something changed";
      pill.addEventListener("click", () => location.reload());
      slot.append(pill);
    }
  }
});

const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

const move = (step) => {
  const rows = $$(".row__what");
  const at = rows.findIndex((row) => row === document.activeElement || row.ariaCurrent === "true");
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
};

const press = (key) => {
  const row = document.activeElement.closest?.(".row, [data-row]");
  const target = (row && $(`[data-key="${key}"]`, row)) || $(`[data-key="${key}"]:not(.row *, [data-row] *)`);
  if (!target) return false;
  if (target.matches("input[type=radio]")) { target.checked = true; $("#words")?.focus(); }
  else if (target.matches("input")) target.focus();
  else target.click();
  return true;
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.id === "words") {
    const note = $("#mode-note")?.checked;
    $(`[data-send="${note ? "note" : event.shiftKey ? "close" : "wait"}"]`)?.click();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) {
    if (event.key === "Escape") event.target.blur?.();
    return;
  }
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") { move(key === "j" ? 1 : -1); event.preventDefault(); }
  else if (event.key === "?") $("#help")?.showModal();
  else if (press(key)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-show]");
  if (opener) $(`#${opener.dataset.show}`)?.showModal();
});

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
  if (!reply.checked) reply.click();
  given.closest("[popover]:popover-open")?.hidePopover();
  const before = words.value.slice(0, words.selectionStart);
  insert(`${before && !before.endsWith("\n") ? "\n\n" : ""}${given.dataset.insert}\n\n`);
});

for (const toast of $$("[data-toast]")) setTimeout(() => toast.remove(), 8000);

// A draft survives a closed tab; it goes away when the server has the words.
const composer = $("[data-draft]");
if (composer) {
  const words = $("#words", composer);
  const name = `draft:${composer.dataset.draft}`;
  if (!words.value) words.value = localStorage.getItem(name) ?? "";
  words.addEventListener("input", () => {
    localStorage.setItem(name, words.value);
    $("[data-saved]", composer).textContent = "Draft kept";
  });
  composer.addEventListener("submit", (event) => {
    localStorage.removeItem(name);
    // a second click must not send twice; the pressed button still has to be in the form
    setTimeout(() => $$("button", composer).forEach((button) => { button.disabled = true; }), 0);
    if (event.submitter?.value) composer.dataset.then = event.submitter.value;
  });
  const scroller = $(".talk__scroll");
  if (scroller && !location.hash) scroller.scrollTop = scroller.scrollHeight;
}

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
    be($("#mode-reply").checked ? "replying" : "noting");
  };
  // What stands on the screen has been read; an answer to less than that is asked about.
  const read = () => {
    const newest = Number($("#thread").dataset.newest) || 0;
    if (document.hidden || Math.abs(scroller.scrollTop) > 40 || newest <= seen) return;
    clearTimeout(known);
    known = setTimeout(() => { slot.replaceChildren(); $("[name=last_seen_message]").value = newest; }, 700);
    clearTimeout(later);
    later = setTimeout(() => { seen = newest; readAt = Date.now(); tell(); }, Math.max(1000, readAt + READ - Date.now()));
  };
  const pill = () => {
    const button = document.createElement("button");
    button.className = "newpill";
    button.type = "button";
    button.textContent = "New message";
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
