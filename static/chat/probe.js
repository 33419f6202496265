/* Says on the embed page whether script, frame and API work. */
const said = document.getElementById("probe");
if (window.Desk?.on) {
  window.Desk.on("ready", () => { said.textContent = "It works: the script, the frame and the messages between them"; });
  window.Desk.on("error", (what) => { said.textContent = `It does not work: ${what?.type || "unknown"}`; });
  window.Desk.open();
} else said.textContent = "The script could not be loaded";
