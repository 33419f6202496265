// The filter field: names and values are offered while one types, and become chips.
const field = document.getElementById("filter"), box = document.getElementById("filter-values");
if (field) {
  const form = field.form;
  const PIECE = /(?:^|\s)(-?)([a-z]*)(?:(:)"?([^"\s]*))?$/;
  let options = [], at = -1, typing = false, asking = null, later = 0;

  const close = () => {
    box.hidden = true;
    options = [];
    at = -1;
    field.ariaExpanded = "false";
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (n) => {
    at = n;
    [...box.children].forEach((option, i) => { option.ariaSelected = String(i === n); });
    if (n < 0) { field.removeAttribute("aria-activedescendant"); return; }
    field.setAttribute("aria-activedescendant", box.children[n].id);
    box.children[n].scrollIntoView({ block: "nearest" });
  };
  const send = () => { typing = false; form.dispatchEvent(new Event("change", { bubbles: true })); };
  const quoted = (value) => (/^[\w@.][\w@./+-]*$/.test(value) ? value : `"${value.replaceAll('"', "")}"`);

  const take = (n) => {
    const option = options[n], before = field.value.slice(0, field.selectionStart), piece = before.match(PIECE);
    const start = before.length - (piece ? piece[0].trimStart().length : 0), rest = field.value.slice(field.selectionStart);
    if (option.key === undefined) {
      field.value = `${before.slice(0, start)}${piece?.[1] ?? ""}${option.text}:${rest}`;
      close();
      look();
      return;
    }
    const f = form.elements.f;
    f.value = `${f.value} ${piece?.[1] ?? ""}${option.key}:${quoted(option.text)}`.trim();
    field.value = (before.slice(0, start) + rest).trim();
    close();
    send();
  };

  const offer = (found, first) => {
    options = found;
    box.replaceChildren(...found.map(({ key, text }, n) => {
      const option = document.createElement("span");
      option.className = "menu__item";
      option.id = `filter-value-${n}`;
      option.setAttribute("role", "option");
      option.textContent = key === undefined ? `${text}:` : text;
      option.addEventListener("mousedown", (event) => { event.preventDefault(); take(n); });
      return option;
    }));
    box.hidden = !found.length;
    field.ariaExpanded = String(!box.hidden);
    mark(found.length ? first : -1);
  };

  const look = async ({ all = false } = {}) => {
    const piece = field.value.slice(0, field.selectionStart).match(PIECE);
    if (!piece || (!piece[3] && !piece[2] && !all)) { close(); return; }
    asking?.abort();
    asking = new AbortController();
    const query = piece[3] ? { key: piece[2] === "owner" ? "assignee" : piece[2], q: piece[4] } : { q: piece[2] };
    try {
      const answer = await fetch(`${field.dataset.values}?${new URLSearchParams(query)}`, { signal: asking.signal });
      const found = await answer.json();
      if (found.values) offer(found.values.map((text) => ({ key: found.key, text })), 0);
      else if (piece[3]) close();
      else offer(found.keys.map((text) => ({ text })), -1);
    } catch { /* the next key asks again */ }
  };

  field.addEventListener("input", () => {
    typing = true;
    clearTimeout(later);
    later = setTimeout(look, 120);
  });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (box.hidden) look({ all: true });
      else mark((at + step + options.length) % options.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) { event.preventDefault(); take(at); }
    else if (event.key === "Enter") { event.preventDefault(); close(); send(); }
    else if (event.key === "Escape" && !box.hidden) { event.preventDefault(); event.stopPropagation(); close(); }
    else if (event.key === "Backspace" && !field.value) [...document.querySelectorAll("#filter-chips a")].at(-1)?.click();
  });
  form.addEventListener("change", (event) => { if (event.target !== form) typing = false; });

  // While one types, what is typed stays in the field; afterwards its filters are chips.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    if (event.detail.target?.id === "filter-chips" && typing) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.requestConfig?.elt.id !== "filters" || typing) return;
    field.value = document.getElementById("filter-chips").dataset.plain ?? field.value;
  });
}
