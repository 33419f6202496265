// The composer: words are kept by the server while they are written, and here while it is away.
import { begin as beginCompletion } from "./complete.js";
import { begin as beginUploads } from "./uploads.js";

const PAUSE = 800;
const form = document.getElementById("composer");

if (form) {
  const words = form.querySelector("#words"), saved = form.querySelector("[data-saved]"), trouble = form.querySelector("#trouble");
  const buttons = [...form.querySelectorAll("button")];
  const place = form.dataset.draft;
  let timer = 0, request = null, sending = false, isOut = false, last = `${mode()}\n${words.value}`;

  function mode() { return form.querySelector("[name=mode]:checked")?.value ?? "reply"; }
  const say = (text) => { saved.textContent = text; trouble.replaceChildren(); };
  const warn = (text) => { saved.textContent = ""; trouble.textContent = text; };
  const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const keepHere = () => { localStorage.setItem(place, words.value); last = ""; };

  const signedOut = () => {
    keepHere();
    isOut = true;
    const link = document.createElement("a");
    link.className = "link";
    link.href = form.dataset.login;
    link.target = "_blank";
    link.textContent = "Sign in again";
    trouble.replaceChildren("You are signed out, your words are kept here. ", link);
  };
  // A page outlives its session; after signing in again its token is an old one.
  const renew = async () => {
    const answer = await fetch(place, { redirect: "manual" });
    if (!answer.ok) return false;
    const { csrf } = await answer.json();
    document.body.dataset.csrf = csrf;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = csrf;
    return true;
  };
  const put = (keepalive) => {
    request?.abort();
    request = new AbortController();
    return fetch(place, {
      method: "PUT", redirect: "manual", keepalive, signal: request.signal,
      headers: { "X-CSRFToken": document.body.dataset.csrf },
      body: new URLSearchParams({ body: words.value, mode: mode() }),
    });
  };
  const save = async ({ leaving = false } = {}) => {
    clearTimeout(timer);
    const now = `${mode()}\n${words.value}`;
    if (sending || now === last) return;
    try {
      let answer = await put(leaving);
      if (answer.status === 403 && await renew()) answer = await put(leaving);
      if (answer.type === "opaqueredirect" || answer.status === 403) { signedOut(); return; }
      const text = await answer.text();
      if (!answer.ok) { keepHere(); warn(answer.status === 422 ? text : "The server did not keep this; it is kept on this device."); return; }
      last = now;
      isOut = false;
      localStorage.removeItem(place);
      say(text && `${text} ${clock()}`);
    } catch (error) {
      if (error.name === "AbortError") return;
      keepHere();
      warn("Kept on this device: no connection");
    }
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(save, PAUSE); };

  words.addEventListener("input", later);
  for (const one of form.querySelectorAll("[name=mode]")) one.addEventListener("change", later);
  window.addEventListener("online", () => save());
  window.addEventListener("focus", () => save());
  window.addEventListener("pagehide", () => save({ leaving: true }));
  const here = localStorage.getItem(place);
  if (here && !words.value.includes(here)) {
    words.value = [words.value, here].filter(Boolean).join("\n\n");
    save();
  } else localStorage.removeItem(place);

  beginUploads(form, say, warn);
  beginCompletion(form, words, mode);

  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (isOut) { event.preventDefault(); last = ""; save(); return; }
    sending = true;
    clearTimeout(timer);
    request?.abort();
    localStorage.removeItem(place);
    if (event.submitter?.name === "then") say("Sending …");
    // a second click must not send twice; the pressed button still has to be in the form
    setTimeout(() => buttons.forEach((button) => { button.disabled = true; }), 0);
    if (event.submitter?.value) form.dataset.then = event.submitter.value;
  });
  // “Back” shows the page as it was left, with words that were sent
  window.addEventListener("pageshow", (event) => { if (event.persisted && sending) location.reload(); });

  form.addEventListener("keydown", (event) => {
    const chord = (event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === "p";
    if (!chord) return;
    event.preventDefault();
    form.querySelector("[data-preview]").click();
  });

  const scroller = document.querySelector(".talk__scroll");
  if (scroller && !location.hash) scroller.scrollTop = scroller.scrollHeight;
}
