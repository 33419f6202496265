// A ticket's conversation: addresses of messages, and the seconds in which an answer can be undone.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// An address may name a message that this page does not hold: then the page that does is opened.
const find = () => {
  const pk = /^#message-(\d+)$/.exec(location.hash)?.[1];
  const asked = new URLSearchParams(location.search).get("at");
  if (pk && asked !== pk && !$(location.hash)) location.replace(`?at=${pk}${location.hash}`);
};
window.addEventListener("hashchange", find);
find();
if (location.hash === "#words") $("#words")?.focus();

// “Leaves in 9 s” counts down; then the conversation says what became of it.
const asked = new Set();
const count = () => {
  for (const mark of $$("#thread [data-leaves]")) {
    const left = Math.ceil((Date.parse(mark.dataset.leaves) - Date.now()) / 1000);
    if (left > 0) { mark.textContent = `Leaves in ${left} s`; continue; }
    mark.textContent = "Leaving …";
    if (left > -2 || asked.has(mark.dataset.leaves)) continue;
    asked.add(mark.dataset.leaves);
    htmx.trigger($("#thread"), "calm");
  }
};
setInterval(count, 1000);
document.addEventListener("htmx:afterSettle", count);
count();

// In a field ⌘Z is the field's own; in an empty one it takes back the answer that has not left.
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z") return;
  const field = event.target.closest("input, textarea, [contenteditable]");
  const newest = $$("#thread [data-undo]").pop();
  if (!field || field.value || !newest) return;
  event.preventDefault();
  newest.click();
});

// What was chosen in a menu stands in its place before the page has come back.
document.addEventListener("submit", (event) => {
  const menu = event.target.closest(".menu[popover]"), chosen = event.submitter;
  if (!menu || event.defaultPrevented) return;
  menu.hidePopover();
  const place = $(`#meta [popovertarget="${menu.id}"]`);
  const words = chosen?.value === "me" ? $(".rail__me b") : $("span", chosen ?? menu);
  const text = place && [...place.childNodes].findLast((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  if (!text || !words) return;
  text.data = words.textContent;
  place.ariaBusy = "true";
});

// “Keep as quote” takes along what is selected in its message; the server finds it in the words.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-quote]");
  const chosen = link && getSelection(), body = link && $(`#${link.dataset.quote} .msg__body`);
  if (!link || chosen.isCollapsed || !body?.contains(chosen.anchorNode) || !body.contains(chosen.focusNode)) return;
  const to = new URL(link.href);
  to.searchParams.set("words", `${chosen}`.trim().slice(0, 1500));
  link.href = to.href;
}, { capture: true });
