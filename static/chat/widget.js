/* Switchboard live chat, on the host's page: a launcher, and a frame of ours when it is wanted.
   Works under `script-src <desk>; frame-src <desk>; require-trusted-types-for 'script'`:
   styles are constructed, nothing is inline and no HTML is parsed. */
(() => {
  "use strict";
  const script = document.currentScript;
  const queued = window.Desk && window.Desk.q;
  if (!script || (window.Desk && window.Desk.open)) return;
  const base = new URL(".", script.src);
  const store = "desk." + base.pathname.split("/").at(-2);
  const settings = window.deskSettings || {};
  const theme = settings.theme || {};
  // the same words as in texts.js, which is loaded with the frame
  const texts = { launch: "Ask a human", close: "Close the chat", unread: "New messages: {n}", title: "Support chat", ...settings.texts };
  const locale = settings.locale === "auto" ? document.documentElement.lang || "en" : settings.locale || "en";
  const phone = matchMedia("(max-width: 600px)");
  const listeners = {};
  let frame = null, ready = false, isOpen = false, unread = 0, held = "", user = settings.user || null;

  const kept = {
    get token() { try { return localStorage.getItem(store) || ""; } catch { return held; } },
    set token(value) { held = value; try { value ? localStorage.setItem(store, value) : localStorage.removeItem(store); } catch { /* blocked storage: this page remembers */ } },
  };
  // what the frame may not store itself: words that were not sent, the sound
  const keep = {
    all() { try { return JSON.parse(localStorage.getItem(store + ".kept")) || {}; } catch { return {}; } },
    put({ name, value }) {
      const all = { ...this.all(), [name]: value };
      if (!value) delete all[name];
      try { Object.keys(all).length ? localStorage.setItem(store + ".kept", JSON.stringify(all)) : localStorage.removeItem(store + ".kept"); } catch { /* as above */ }
    },
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
  const icon = (name, path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("class", name);
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  };

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; color-scheme: light dark; --desk-accent: light-dark(#0a5c70, #74cbdc); --desk-on-accent: light-dark(#fff, #04222a); --desk-space-x: 1.25rem; --desk-space-y: 1.25rem;
      position: fixed; inset: auto var(--desk-space-x) var(--desk-space-y) auto; z-index: 2147483000; font: 600 .9375rem/1.4 Inter, ui-sans-serif, system-ui, sans-serif; }
    :host([data-side="left"]) { inset: auto auto var(--desk-space-y) var(--desk-space-x); }
    :host([data-scheme="light"]) { color-scheme: light; } :host([data-scheme="dark"]) { color-scheme: dark; }
    :host([hidden]) { display: none; }
    button { all: unset; box-sizing: border-box; cursor: pointer; position: relative; display: flex; align-items: center; gap: .5rem; margin-left: auto; width: fit-content; height: 3rem; padding: 0 1.125rem 0 1rem; border-radius: 2rem;
      background: var(--desk-accent); color: var(--desk-on-accent); box-shadow: 0 2px 6px rgb(0 0 0 / .12), 0 10px 28px -6px rgb(0 0 0 / .35); }
    :host([data-side="left"]) button { margin-left: 0; }
    button:hover { background: color-mix(in srgb, var(--desk-accent) 88%, CanvasText); }
    button:focus-visible { outline: 3px solid var(--desk-accent); outline-offset: 3px; }
    svg { width: 1.25rem; height: 1.25rem; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
    b { position: absolute; top: -5px; right: -3px; min-width: 1.25rem; padding: 0 .3rem; box-sizing: border-box; border-radius: 1rem; background: light-dark(#cc382e, #f26f63); color: light-dark(#fff, #2a0b08); box-shadow: 0 0 0 2px Canvas; font-size: .75rem; line-height: 1.25rem; text-align: center; }
    i { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    :host([data-open]) button { width: 3rem; padding: 0; justify-content: center; }
    .down, :host([data-open]) .ask, b[hidden] { display: none; } :host([data-open]) .down { display: block; }
    :host([data-open]) .word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    dialog { all: unset; display: block; position: static; width: 23.5rem; max-width: calc(100vw - 2 * var(--desk-space-x)); height: min(39rem, calc(100dvh - 2 * var(--desk-space-y) - 3.75rem)); margin-bottom: .75rem; border-radius: 1.125rem; overflow: clip; background: Canvas;
      box-shadow: 0 4px 12px rgb(0 0 0 / .12), 0 28px 64px -12px rgb(0 0 0 / .4), 0 0 0 1px light-dark(#cad3cf, #37433f); }
    dialog:not([open]) { display: none; }
    dialog:modal { position: fixed; inset: 0; width: 100vw; max-width: none; height: 100dvh; margin: 0; border-radius: 0; }
    iframe { display: block; border: 0; width: 100%; height: 100%; color-scheme: light dark; }
    @media (forced-colors: active) { button, dialog { border: 1px solid; } }`);
  const host = make("div");
  host.dataset.desk = "";
  host.dataset.side = theme.side === "left" ? "left" : "right";
  host.dataset.scheme = theme.scheme || "";
  host.lang = locale;
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  const label = make("span", { className: "word", textContent: texts.launch });
  const badge = make("b", { hidden: true, ariaHidden: "true" });
  const spoken = make("i");
  const button = make("button", { type: "button", ariaExpanded: "false", ariaHasPopup: "dialog" },
    icon("ask", "M3.4 3h9.2a1.1 1.1 0 0 1 1.1 1.1v5.8a1.1 1.1 0 0 1-1.1 1.1H7.6l-3.1 2.4V11H3.4a1.1 1.1 0 0 1-1.1-1.1V4.1A1.1 1.1 0 0 1 3.4 3z"),
    icon("down", "m4.2 6.2 3.8 3.8 3.8-3.8"), label, badge, spoken);
  const panel = make("dialog", { ariaLabel: texts.title });
  root.append(panel, button);
  for (const name of ["accent", "on-accent", "space-x", "space-y"]) if (theme[name]) host.style.setProperty("--desk-" + name, theme[name]);

  const send = (type, data = {}) => {
    if (ready) frame.contentWindow.postMessage({ source: "desk", v: 1, type, data }, base.origin);
  };
  const shape = () => ({ modal: phone.matches });
  const bare = (address) => address.split(/[?#]/)[0]; // what follows may hold what is nobody's business
  const hello = () => send("hello", {
    token: kept.token, kept: keep.all(), page: bare(location.href), referrer: bare(document.referrer), user, texts: settings.texts || {}, theme, scheme: theme.scheme, locale, open: isOpen, ...shape(),
  });
  const load = () => {
    if (frame) return;
    frame = make("iframe", { title: texts.title, allow: "clipboard-write; autoplay", src: `${base.href}frame/?origin=${encodeURIComponent(location.origin)}` });
    panel.append(frame);
  };
  // on a phone it fills the screen, and the browser keeps the focus inside
  const lay = () => { if (panel.open) panel.close(); if (isOpen) phone.matches ? panel.showModal() : panel.show(); };
  const show = (open) => {
    if (open === isOpen) return;
    isOpen = open;
    if (open) load();
    host.toggleAttribute("data-open", open);
    lay();
    button.ariaExpanded = String(open);
    label.textContent = open ? texts.close : texts.launch;
    send(open ? "open" : "close", shape());
    (open ? frame : button).focus();
    tell(open ? "open" : "close");
  };
  const count = (n) => {
    if (n === unread) return;
    unread = n;
    badge.hidden = !n;
    badge.textContent = n > 99 ? "99+" : n;
    spoken.textContent = n ? texts.unread.replace("{n}", n) : "";
    if (settings.titleBadge) document.title = (n ? `(${n > 99 ? "99+" : n}) ` : "") + document.title.replace(/^\(\d+\+?\) /, "");
    tell("unread", { count: n });
  };

  const heard = {
    ready: () => { ready = true; hello(); tell("ready"); },
    token: (data) => { kept.token = data.token; },
    keep: (data) => keep.put(data),
    unread: (data) => count(Number(data.count) || 0),
    close: () => show(false),
    message: (data) => tell("message", data),
    error: (data) => tell("error", data),
    status: (data) => tell("status", data),
  };
  window.addEventListener("message", (event) => {
    // both: another window of the same origin is not our frame
    if (!frame || event.source !== frame.contentWindow || event.origin !== base.origin) return;
    const said = event.data;
    if (said && said.source === "desk" && said.v === 1 && Object.hasOwn(heard, said.type)) heard[said.type](said.data || {});
  });
  button.addEventListener("click", () => show(!isOpen));
  root.addEventListener("keydown", (event) => { if (event.key === "Escape") show(false); });
  panel.addEventListener("cancel", (event) => { event.preventDefault(); show(false); });
  phone.addEventListener("change", () => { if (isOpen) { lay(); send("size", shape()); } });

  window.Desk = {
    open: () => show(true),
    close: () => show(false),
    toggle: () => show(!isOpen),
    show: () => { host.hidden = false; },
    hide: () => { show(false); host.hidden = true; },
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
