// What one is told arrives as a toast; where the person said so, the browser says it too.
const asks = document.querySelector("[data-notify]");
if (asks && window.Notification?.permission === "default") {
  asks.hidden = false;
  asks.addEventListener("click", async () => { await Notification.requestPermission(); asks.hidden = true; });
}

document.addEventListener("htmx:afterSettle", () => {
  for (const toast of document.querySelectorAll("#toasts [data-told]")) {
    const text = toast.textContent.trim();
    toast.removeAttribute("data-told");
    if (document.hidden && window.Notification?.permission === "granted") new Notification("Switchboard", { body: text, tag: text });
  }
});

// Without a network nothing here can be sent: say so as long as it lasts.
const offline = document.getElementById("offline");
const tell = () => { if (offline) offline.hidden = navigator.onLine; };
window.addEventListener("offline", tell);
window.addEventListener("online", tell);
tell();
