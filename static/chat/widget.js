/* Switchboard live chat, on the host's page: a launcher, and a frame of ours when it is wanted.
   Works under `script-src <desk>; frame-src <desk>`: styles are constructed, nothing is inline. */
(() => {
  "use strict";
  const script = document.currentScript;
  const queued = window.Desk && window.Desk.q;
  if (!script || (window.Desk && window.Desk.open)) return;
  const base = new URL(".", script.src);
  const store = "desk." + base.pathname.split("/").at(-2);
  const settings = window.deskSettings || {};
  const texts = { launch: "Ask a human", close: "Close the chat", unread: "new", title: "Support chat", ...settings.texts };
  const listeners = {};
  let frame = null, ready = false, isOpen = false, unread = 0, user = settings.user || null;

  const kept = {
    get token() { try { return localStorage.getItem(store) || ""; } catch { return ""; } },
    set token(value) { try { value ? localStorage.setItem(store, value) : localStorage.removeItem(store); } catch { /* blocked storage: the frame may have its own */ } },
  };
  const tell = (name, detail) => {
    (listeners[name] || []).forEach((fn) => fn(detail));
    window.dispatchEvent(new CustomEvent("desk:" + name, { detail }));
  };
  const make = (tag, set = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), set);
    made.append(...inside);
    return made;
  };

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; color-scheme: light dark; --desk-accent: light-dark(#0a5c70, #74cbdc); --desk-on-accent: light-dark(#fff, #04222a);
      position: fixed; inset: auto 1.25rem 1.25rem auto; z-index: 2147483000; font: 500 15px/1.4 system-ui, sans-serif; }
    :host([hidden]) { display: none; }
    button { all: unset; box-sizing: border-box; cursor: pointer; position: relative; display: block; margin-inline-start: auto; width: fit-content; min-height: 3rem; line-height: 3rem; padding: 0 1.15rem; border-radius: 2rem;
      background: var(--desk-accent); color: var(--desk-on-accent); box-shadow: 0 4px 14px rgb(0 0 0 / .22); }
    button:focus-visible { outline: 3px solid var(--desk-accent); outline-offset: 3px; }
    b { position: absolute; top: -6px; right: -3px; min-width: 1.35rem; padding: 0 .3rem; box-sizing: border-box; border-radius: 1rem; background: #b3261e; color: #fff; font-size: 12px; line-height: 1.35rem; text-align: center; }
    i { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    iframe { display: block; border: 0; width: 23.5rem; max-width: calc(100vw - 2.5rem); height: min(39rem, calc(100dvh - 6.5rem)); margin-bottom: .75rem; border-radius: 1.1rem; box-shadow: 0 8px 40px rgb(0 0 0 / .25); color-scheme: light dark; }
    iframe[hidden], b[hidden] { display: none; }
    @media (max-width: 600px) { :host([data-open]) { inset: 0; } :host([data-open]) button { position: absolute; inset: .6rem .6rem auto auto; min-height: 2.5rem; line-height: 2.5rem; padding: 0 .9rem; z-index: 1; }
      iframe { width: 100vw; max-width: none; height: 100dvh; margin: 0; border-radius: 0; } }`);
  const host = make("div");
  host.dataset.desk = "";
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  const label = make("span", { textContent: texts.launch });
  const badge = make("b", { hidden: true, ariaHidden: "true" });
  const spoken = make("i");
  const button = make("button", { type: "button", ariaExpanded: "false" }, label, badge, spoken);
  root.append(button);
  for (const [name, value] of Object.entries(settings.theme || {})) host.style.setProperty("--desk-" + name, value);

  const send = (type, data = {}) => {
    if (ready) frame.contentWindow.postMessage({ source: "desk", v: 1, type, data }, base.origin);
  };
  const hello = () => send("hello", { token: kept.token, page: location.href, user, texts: settings.texts || {}, theme: settings.theme || {}, open: isOpen });
  const load = () => {
    if (frame) return;
    frame = make("iframe", { title: texts.title, hidden: !isOpen, allow: "clipboard-write", src: `${base.href}frame/?origin=${encodeURIComponent(location.origin)}` });
    root.prepend(frame);
  };
  const show = (open) => {
    if (open === isOpen) return;
    isOpen = open;
    if (open) load();
    frame.hidden = !open;
    host.toggleAttribute("data-open", open);
    button.ariaExpanded = String(open);
    label.textContent = open ? texts.close : texts.launch;
    send(open ? "open" : "close");
    if (open) frame.focus(); else button.focus();
    tell(open ? "open" : "close");
  };
  const count = (n) => {
    unread = n;
    badge.hidden = !n;
    badge.textContent = n > 99 ? "99+" : n;
    spoken.textContent = n ? ` ${n} ${texts.unread}` : "";
    if (settings.titleBadge) document.title = (n ? `(${n}) ` : "") + document.title.replace(/^\(\d+\) /, "");
    tell("unread", { count: n });
  };

  const heard = {
    ready: () => { ready = true; hello(); tell("ready"); },
    token: (data) => { kept.token = data.token; },
    unread: (data) => count(Number(data.count) || 0),
    close: () => show(false),
    message: (data) => tell("message", data),
    error: (data) => tell("error", data),
  };
  window.addEventListener("message", (event) => {
    // both: another window of the same origin is not our frame
    if (!frame || event.source !== frame.contentWindow || event.origin !== base.origin) return;
    const said = event.data;
    if (said && said.source === "desk" && said.v === 1 && Object.hasOwn(heard, said.type)) heard[said.type](said.data || {});
  });
  button.addEventListener("click", () => show(!isOpen));
  root.addEventListener("keydown", (event) => { if (event.key === "Escape") show(false); });

  window.Desk = {
    open: () => show(true),
    close: () => show(false),
    toggle: () => show(!isOpen),
    show: () => { host.hidden = false; },
    hide: () => { host.hidden = true; },
    identify: (who) => { user = who; load(); hello(); },
    update: (more) => { user = { ...user, ...more }; hello(); },
    reset: () => { user = null; kept.token = ""; send("reset"); count(0); },
    on: (name, fn) => { (listeners[name] ||= []).push(fn); },
    off: (name, fn) => { listeners[name] = (listeners[name] || []).filter((known) => known !== fn); },
  };
  const start = () => {
    document.body.append(host);
    // somebody who has written before learns of the answer without opening
    if (kept.token || user) load();
    (queued || []).forEach(([name, ...given]) => window.Desk[name]?.(...given));
  };
  document.body ? start() : document.addEventListener("DOMContentLoaded", start);
})();
