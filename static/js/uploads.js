// Files for the next message: dropped, pasted or chosen; each is uploaded at once and can be taken off.
const ICON = "http://www.w3.org/2000/svg";

const icon = (name) => {
  const drawn = document.createElementNS(ICON, "svg"), use = document.createElementNS(ICON, "use");
  drawn.setAttribute("class", "i");
  drawn.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `/static/img/icons.svg#i-${name}`);
  drawn.append(use);
  return drawn;
};

const element = (name, text = "", fields = {}) => {
  const made = Object.assign(document.createElement(name), fields);
  made.textContent = text;
  return made;
};

// `say` tells in words what happened, `warn` what did not.
export const begin = (form, say, warn) => {
  const list = form.querySelector("#files"), place = form.dataset.upload;
  let running = 0;

  const refused = () => form.querySelector("[data-nofiles]") && form.querySelector("#mode-reply")?.checked;

  const row = (file) => {
    const item = element("li", "", { className: "chip" });
    const off = element("button", "", { type: "button", className: "btn btn--icon btn--s", title: "Take off" });
    off.append(icon("x"), element("span", `Take ${file.name} off`, { className: "vh" }));
    const bar = element("progress", "", { max: 1, value: 0 });
    bar.setAttribute("aria-label", `${file.name} is being uploaded`);
    item.append(icon("clip"), element("span", file.name || "pasted file"), bar, off);
    list.append(item);
    return { item, bar, off };
  };

  const upload = (file) => {
    const { item, bar, off } = row(file);
    const request = new XMLHttpRequest();
    const data = new FormData();
    data.set("files", file, file.name || "pasted file");
    running += 1;
    const end = (why) => {
      running -= 1;
      if (why) { item.remove(); warn(`${file.name || "The file"}: ${why}`); }
    };
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* said below */ }
      if (request.status !== 200 || !answer.id) { end(answer.why || (request.status === 413 ? "it is too large." : "it did not arrive.")); return; }
      bar.replaceWith(element("small", answer.size), element("input", "", { type: "hidden", name: "file", value: answer.id }));
      off.dataset.remove = `${place}${answer.id}/`;
      say("File kept");
      end();
    });
    request.addEventListener("error", () => end("there is no connection."));
    request.addEventListener("abort", () => end());
    off.addEventListener("click", () => { if (request.readyState !== 4) { request.abort(); item.remove(); } });
    request.open("POST", place);
    request.setRequestHeader("X-CSRFToken", document.body.dataset.csrf);
    request.send(data);
  };

  const take = (files) => {
    if (!files.length) return;
    if (refused()) { warn(form.querySelector("[data-nofiles]").textContent); return; }
    [...files].forEach(upload);
  };

  list.addEventListener("click", (event) => {
    const off = event.target.closest("[data-remove]");
    if (!off) return;
    const data = new FormData();
    data.set("csrfmiddlewaretoken", document.body.dataset.csrf);
    off.closest("li").remove();
    fetch(off.dataset.remove, { method: "POST", body: data }).catch(() => {});
  });
  const chosen = form.querySelector("input[type=file]");
  chosen.addEventListener("change", () => { take([...chosen.files]); chosen.value = ""; });
  form.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (files.length) { event.preventDefault(); take(files); }
  });
  form.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("is-over");
  });
  form.addEventListener("dragleave", (event) => { if (!form.contains(event.relatedTarget)) form.classList.remove("is-over"); });
  form.addEventListener("drop", (event) => {
    form.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  form.addEventListener("submit", (event) => {
    if (!running) return;
    event.preventDefault();
    warn("A file is still on its way.");
  }, true);
};
