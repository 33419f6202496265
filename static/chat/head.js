/* What stands around the conversation: who answers and when, the greeting, the foot. */
import { $, around, chat, expectation, make, t } from "./page.js";

const first = (name) => name.split(" ")[0];

export function person(given) {
  chat.session.person = given;
  const { site } = chat.session;
  $("who").textContent = given ? t("person_from", { name: first(given.name), site }) : site;
  $("here").hidden = !given?.here;
  $("face").textContent = given ? given.initials : "";
  $("face").hidden = !given;
  $("noface").toggleAttribute("hidden", Boolean(given));
  $("text").placeholder = given ? t("write_to", { name: first(given.name) }) : t("write");
}
export function paint() {
  const { session } = chat;
  person(session.person || null);
  $("hours").textContent = expectation(session.hours);
  $("hours").title = session.hours.zone || "";
  $("hello").hidden = !(session.greeting || session.invite_url);
  $("greeting").hidden = !session.greeting;
  $("greeting").textContent = session.greeting;
  for (const id of ["invite", "slack"]) {
    $(id).hidden = !session.invite_url;
    if (session.invite_url) $(id).href = session.invite_url;
  }
  $("kept").replaceChildren(...withWord("kept", "email", session.email));
  $("months").hidden = !session.kept_months;
  $("months").textContent = session.kept_months ? t("kept_months", { n: session.kept_months }) : "";
}
function withWord(text, word, value) {
  const [before, after] = around(text, word);
  return [before, make("b", { textContent: value }), after];
}
