/* Calls to the desk, and the session they belong to. */
import { chat, key, post, root, say, store, t } from "./page.js";

const headers = () => (chat.token ? { Authorization: `Bearer ${chat.token}` } : {});

export function call(verb, body, more = {}) {
  const sent = { ...headers(), ...(body ? { "Content-Type": "application/json" } : {}), ...more.headers };
  return fetch(`/chat/${key}/${verb}`, {
    method: body ? "POST" : "GET", body: body && JSON.stringify(body), headers: sent, credentials: "omit", cache: "no-store",
    keepalive: more.keepalive, signal: more.signal,
  });
}

/** Send a file: the one call that says how far it is. Gives the status, 0 without a network. */
export function upload(form, progress) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/chat/${key}/files/`);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => done(request.status);
    request.onerror = () => done(0);
    request.send(form);
  });
}

/** The session could not be had; `wait` is how long to leave the desk alone, in seconds. */
export class NoSession extends Error {
  constructor(status, wait = 0) { super(`sessions ${status}`); this.status = status; this.wait = wait; }
}

/** Open the session, or say more of who this is. Gives the desk's answer. Throws NoSession. */
export async function open(claims = {}) {
  const user = chat.user || {}, given = { ...chat.claims, ...claims };
  const where = kept({ page: chat.page, referrer: takes("referrer") && chat.referrer });
  const who = { name: user.name, email: user.email, user_id: user.id && String(user.id), user_hash: user.hash, user_jwt: takes("user_jwt") && user.jwt };
  // an address that the site has signed is no claim that could be typed over
  const said = user.hash && !user.id ? { ...given, ...kept(who) } : { ...kept(who), ...given };
  let answer = await knock({ ...where, ...said });
  if (answer.status === 401 && (user.hash || user.jwt)) {
    post("error", { type: "identity" });
    chat.user = null;
    answer = await knock({ ...where, ...given });
  }
  if (!answer.ok) throw new NoSession(answer.status, Number(answer.headers.get("Retry-After")) || 0);
  chat.claims = given;
  const found = await answer.json();
  chat.token = found.token;
  store.set("token", found.token);
  post("token", { token: found.token });
  return found;
}
// the desk refuses fields that it does not know, and may be older than this script
const takes = (field) => root.dataset.takes.split(" ").includes(field);
const kept = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value));

// ---------------------------------------------------------------- proof of work

const TRIES = 3, MOST_BITS = 24;

async function knock(body) {
  for (let tries = 0; ; tries += 1) {
    const answer = await call("sessions/", body);
    if (answer.status !== 403 || tries === TRIES) return answer;
    const { type, proof } = await answer.clone().json().catch(() => ({}));
    if (type !== "proof_required" || !(proof?.bits <= MOST_BITS)) return answer;
    const nonce = await solve(proof);
    body = { ...body, proof: { challenge: proof.challenge, nonce } };
  }
}

/** Off the main thread, so that the page around stays quick. */
function solve(proof) {
  return new Promise((done, fail) => {
    const worker = new Worker("/static/chat/proof.js");
    const over = (act, value) => { worker.terminate(); say(""); act(value); };
    worker.onmessage = ({ data }) => {
      if (data.nonce !== undefined) over(done, data.nonce);
      else say(t("checking", { n: 25 * Math.floor(4 * data.part) })); // in quarters: each is read out
    };
    worker.onerror = () => over(fail, new NoSession(0));
    say(t("checking", { n: 0 }));
    worker.postMessage(proof);
  });
}
