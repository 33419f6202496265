// Toasts burn down in eight seconds, and stand still while somebody is on them. ⌘Z takes the last step back.
const LIFE = 8000, STEP = 100, MOST = 3; // more of them would hide the list: the oldest goes
const toasts = document.getElementById("toasts");

const burn = (toast) => {
  if (toast.dataset.busy !== undefined || toast.dataset.burning) return;
  toast.dataset.burning = "1";
  const cord = toast.querySelector(".cord");
  let left = LIFE;
  const timer = setInterval(() => {
    if (!toast.isConnected) { clearInterval(timer); return; }
    if (toast.matches(":hover, :focus-within")) return;
    left -= STEP;
    cord?.setAttribute("x2", `${Math.max(left / LIFE * 100, 1)}%`);
    if (left <= 0) { clearInterval(timer); toast.remove(); }
  }, STEP);
};

// What the server could not say itself: it did not answer.
export const complain = (text, more) => {
  const toast = document.createElement("div"), words = document.createElement("p"), small = document.createElement("small");
  toast.className = "toast toast--bad";
  toast.setAttribute("role", "alert");
  words.className = "toast__text";
  words.textContent = text;
  small.textContent = more;
  words.append(small);
  toast.append(words);
  toasts.append(toast);
};

if (toasts) {
  toasts.querySelectorAll("[data-toast]").forEach(burn);
  new MutationObserver((changes) => {
    changes.forEach(({ addedNodes }) => addedNodes.forEach((node) => { if (node.matches?.(".toast")) burn(node); }));
    const calm = [...toasts.querySelectorAll("[data-toast]:not([data-busy], [role=alert], :focus-within)")];
    calm.slice(0, Math.max(calm.length - MOST, 0)).forEach((toast) => toast.remove());
  }).observe(toasts, { childList: true });

  // What a key of a row could not do asks back: the question takes the focus, and gives it back.
  // By its number: the list may have come anew meanwhile, with other elements.
  let asker = null;
  const giveBack = () => {
    if (asker && document.activeElement === document.body) (document.querySelector(`[id="${asker}"] .row__what`) ?? document.getElementById(asker))?.focus();
    asker = null;
  };
  document.addEventListener("htmx:afterSwap", (event) => {
    const button = event.target === toasts && toasts.lastElementChild?.querySelector("[data-again]");
    if (!button) return;
    const by = event.detail.requestConfig.elt;
    asker = (by.closest(".row") ?? document.activeElement.closest(".row") ?? document.activeElement).id;
    htmx.process(button.closest(".toast")); // now, for an answer may come before htmx would
    button.focus();
  });
  toasts.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.target.closest(".toast")?.remove();
    giveBack();
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const path = event.detail.requestConfig?.path ?? "";
    if (event.detail.requestConfig?.verb !== "post") return;
    const answered = event.detail.elt.closest?.(".toast");
    if (answered) { answered.remove(); giveBack(); } // the request that was asked back about ends here, too
    if (event.detail.successful && path.startsWith(document.body.dataset.undo)) document.dispatchEvent(new CustomEvent("desk:undone"));
  });

  // the newest toast's own undo, an answer that has not left, else the last step the desk knows of
  document.addEventListener("desk:undo", () => {
    const [newest] = [toasts, document.getElementById("thread")].flatMap((place) => [...(place?.querySelectorAll("[data-undo]") ?? [])].slice(-1));
    if (newest) newest.click();
    else htmx.ajax("POST", document.body.dataset.undo, { source: toasts, target: toasts, swap: "beforeend" });
  });
}
