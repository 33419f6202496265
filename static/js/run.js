// A run of a playbook: words to copy, who is here, and what is written stays when the page is renewed.
const $ = (selector) => document.querySelector(selector);
const fields = "#run :is(textarea, select, input:not([type=hidden]))[id]";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const from = button && document.getElementById(button.dataset.copy);
  if (!from) return;
  const text = from.value ?? from.textContent.trim();
  try { await navigator.clipboard.writeText(text); } catch {
    // a desk without https has no clipboard: the words are selected, and ⌘C is left to the person
    if (from.select) from.select(); else getSelection().selectAllChildren(from);
    return;
  }
  const said = button.querySelector("[data-said]");
  const before = said.textContent;
  said.textContent = "Copied";
  setTimeout(() => { said.textContent = before; }, 2000);
});

// Somebody else's step renews the page. Words that were begun and folds that are open stay.
let written = new Map(), opened = [];
const changed = (field) => field.value !== (field.defaultValue ?? [...field.options].find((one) => one.defaultSelected)?.value ?? field.options[0]?.value);
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "run") return;
  written = new Map([...document.querySelectorAll(fields)].filter(changed).map((field) => [field.id, field.value]));
  opened = [...document.querySelectorAll("#run details[id][open]")].map((fold) => fold.id);
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target.id !== "run") return;
  written.forEach((value, id) => { const field = document.getElementById(id); if (field) field.value = value; });
  opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
});

// The page is closed: said at once, so that nobody is thought to be here who is not.
addEventListener("pagehide", () => {
  const here = $("#here[data-tab]");
  if (!here) return;
  const data = new FormData();
  for (const [name, value] of [["tab", here.dataset.tab], ["left", "1"], ["csrfmiddlewaretoken", document.body.dataset.csrf]]) data.append(name, value);
  navigator.sendBeacon(here.dataset.there, data);
});
