/* The embed page: copies what is to be pasted, and says of each part of the chat whether it works. */
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy), word = button.lastChild;
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
    const before = word.textContent;
    word.textContent = "Copied";
    setTimeout(() => { word.textContent = before; }, 2000);
  });
}

const STEPS = ["script", "frame", "session", "stream"], WAIT_MS = 15000;
const probe = document.getElementById("probe"), run = document.getElementById("run");
const line = (step) => probe.querySelector(`[data-step="${step}"]`);
const known = new Map();
let timer = 0;

function tell(step, state, remedy = "") {
  known.set(step, state);
  const one = line(step);
  one.dataset.state = state;
  one.querySelector("[data-said]").textContent = { works: "works", slow: "works, slowly", fails: "does not work" }[state];
  const why = one.querySelector("[data-why]");
  why.hidden = state === "works";
  why.textContent = state === "works" ? "" : remedy || one.dataset.remedy;
  const all = STEPS.every((name) => known.has(name));
  const good = STEPS.every((name) => known.get(name) === "works" || known.get(name) === "slow");
  if (all || state === "fails") clearTimeout(timer);
  if (all && good) document.getElementById("verdict").textContent = "It works";
  if (state === "fails") document.getElementById("verdict").textContent = "It does not work yet";
}
const REFUSED = { 403: "refused", 429: "many" };
function hear({ step, ok, status, by }) {
  if (step === "session") tell("session", ok ? "works" : "fails", ok ? "" : line("session").dataset[REFUSED[status]]);
  if (step === "stream") tell("stream", by === "polling" ? "slow" : "works", line("stream").dataset.slow);
}
run.disabled = false;
if (window.Desk?.on) {
  window.Desk.on("ready", () => tell("frame", "works"));
  window.Desk.on("status", hear);
}
run.addEventListener("click", () => {
  document.getElementById("verdict").textContent = "Checking";
  if (!window.Desk?.on) { tell("script", "fails"); return; }
  const again = known.has("session");
  for (const step of ["session", "stream"]) known.delete(step);
  tell("script", "works");
  timer = setTimeout(() => STEPS.filter((step) => !known.has(step)).slice(0, 1).forEach((step) => tell(step, "fails")), WAIT_MS);
  window.Desk.open();
  if (again) window.Desk.update({});
});
