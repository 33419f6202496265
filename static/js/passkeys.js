// Passkeys: what the server asks goes to the browser's own dialog, its answer goes back in the form.
const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON && window.isSecureContext;

const asked = async (form) => {
  const kept = document.getElementById("passkey-options");
  if (kept) return JSON.parse(kept.textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
};

const make = async (form) => {
  const { publicKey } = (await asked(form)).creation_options;
  // a passkey opens the account by itself: it must know its owner and ask who holds it
  publicKey.authenticatorSelection = { ...publicKey.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" };
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
};

const use = async (form) => {
  const { publicKey } = (await asked(form)).request_options;
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
};

const words = (error) => (error.name === "NotAllowedError" ? "The browser did not go on. Try again." : error.name === "InvalidStateError" ? "This device has a passkey for you already." : "That did not work. Reload the page and try again.");

if (able) {
  for (const note of document.querySelectorAll("[data-without-passkeys]")) note.remove();
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector('[role="alert"]');
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      problem.hidden = true;
      try {
        const credential = await (form.dataset.passkey === "add" ? make(form) : use(form));
        form.elements.credential.value = JSON.stringify(credential);
        form.submit();
      } catch (error) {
        problem.textContent = words(error);
        problem.hidden = false;
      }
    });
  }
}
