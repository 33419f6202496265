/* A short tone for an answer, when the visitor looks elsewhere. Off until somebody turns it on. */
import { chat, store } from "./page.js";

let context = null;
export const soundIsOn = () => store.get("sound") === "1";
const start = () => { context ||= new AudioContext(); return context.resume(); };

export function toggleSound() {
  const on = !soundIsOn();
  store.set("sound", on ? "1" : "");
  if (on) { start(); tone(); }
}
export function chime() {
  if (soundIsOn() && context && !(chat.open && document.hasFocus())) tone();
}
function tone() {
  const now = context.currentTime, loud = context.createGain(), wave = context.createOscillator();
  wave.frequency.setValueAtTime(660, now);
  wave.frequency.setValueAtTime(880, now + 0.09);
  loud.gain.setValueAtTime(0.08, now);
  loud.gain.exponentialRampToValueAtTime(0.0001, now + 0.28);
  wave.connect(loud).connect(context.destination);
  wave.start(now);
  wave.stop(now + 0.3);
}
// browsers let nothing sound before a gesture, also where the sound was on last time
for (const gesture of ["pointerdown", "keydown"]) {
  document.addEventListener(gesture, () => { if (soundIsOn()) start(); }, { capture: true, passive: true });
}
