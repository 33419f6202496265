// Completion in the composer: people and teams behind an @ in notes, emoji behind a colon.
import { EMOJI } from "./emoji.js";

const MOST = 8, WAIT = 120;
const NAME = /(?:^|[\s(])@([\w.+-]{0,30})$/, SMILE = /(?:^|[\s(]):([a-z0-9_+-]{2,30})$/, WHOLE = /:([a-z0-9_+-]{2,30}):$/;

export const begin = (form, words, mode) => {
  const list = form.querySelector("#complete");
  let from = 0, picked = 0, asked = null, timer = 0;

  const isOpen = () => list.matches(":popover-open");
  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    if (isOpen()) list.hidePopover();
    words.removeAttribute("aria-activedescendant");
  };
  const pick = (at) => {
    const rows = [...list.children];
    picked = (at + rows.length) % rows.length;
    rows.forEach((row, n) => row.setAttribute("aria-selected", String(n === picked)));
    rows[picked].scrollIntoView({ block: "nearest" });
    words.setAttribute("aria-activedescendant", rows[picked].id);
  };
  const take = (row) => {
    words.setRangeText(row.dataset.text, from, words.selectionStart, "end");
    close();
    words.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const option = ([text, sign, name, what], n) => {
    const row = document.createElement("div");
    row.id = `complete-${n}`;
    row.role = "option";
    row.dataset.text = text;
    for (const [tag, value] of [["span", sign], ["span", name], ["small", what]]) {
      const part = document.createElement(tag);
      part.textContent = value;
      row.append(part);
    }
    return row;
  };
  const show = (rows) => {
    if (!rows.length || document.activeElement !== words) { close(); return; }
    list.replaceChildren(...rows.slice(0, MOST).map(option));
    if (!isOpen()) list.showPopover();
    const there = words.getBoundingClientRect();
    list.style.insetInlineStart = `${there.left + 12}px`;
    list.style.insetBlockEnd = `${innerHeight - there.top + 4}px`;
    pick(0);
  };
  const people = async (q) => {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(`${form.dataset.mentions}?q=${encodeURIComponent(q)}`, { signal: asked.signal, redirect: "manual" });
      if (!answer.ok) return;
      const { found } = await answer.json();
      show(found.map((one) => [`@${one.key} `, "@", one.name, one.what || one.key]));
    } catch { /* the next letter asks again */ }
  };
  const look = () => {
    clearTimeout(timer);
    const before = words.value.slice(0, words.selectionStart);
    const whole = WHOLE.exec(before);
    if (whole && EMOJI[whole[1]]) {
      from = before.length - whole[0].length;
      words.setRangeText(EMOJI[whole[1]], from, before.length, "end");
      close();
      return;
    }
    const name = mode() === "reply" ? null : NAME.exec(before);
    const smile = SMILE.exec(before);
    if (name) { from = before.length - name[1].length - 1; timer = setTimeout(() => people(name[1]), WAIT); return; }
    if (!smile) { close(); return; }
    from = before.length - smile[1].length - 1;
    const keys = Object.keys(EMOJI);
    const fits = [...keys.filter((key) => key.startsWith(smile[1])), ...keys.filter((key) => key.indexOf(smile[1]) > 0)];
    show(fits.map((key) => [`${EMOJI[key]} `, EMOJI[key], `:${key}:`, ""]));
  };

  words.addEventListener("input", look);
  // whoever is back by then keeps the list
  words.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== words) close(); }, 150));
  words.addEventListener("keydown", (event) => {
    if (!isOpen() || event.ctrlKey || event.metaKey) return;
    const does = {
      ArrowDown: () => pick(picked + 1), ArrowUp: () => pick(picked - 1), Escape: close,
      Enter: () => take(list.children[picked]), Tab: () => take(list.children[picked]),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  });
  list.addEventListener("pointerdown", (event) => {
    const row = event.target.closest("[role=option]");
    if (row) { event.preventDefault(); take(row); }
  });
};
