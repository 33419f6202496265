/* A worker: finds the nonce for which SHA-256(challenge:nonce) begins with as many zero bits as asked.
   The browser's own SHA-256 answers one promise a time, and not at all on sites under http. */
"use strict";
const K = new Uint32Array(64), START = new Uint32Array(8), W = new Uint32Array(64);
for (let n = 2, found = 0; found < 64; n += 1) {
  let prime = true;
  for (let by = 2; by * by <= n; by += 1) if (n % by === 0) { prime = false; break; }
  if (!prime) continue;
  if (found < 8) START[found] = (Math.sqrt(n) % 1) * 2 ** 32;
  K[found++] = (Math.cbrt(n) % 1) * 2 ** 32;
}
const turn = (word, by) => (word >>> by) | (word << (32 - by));

function digest(text) {
  const bytes = text.length, blocks = ((bytes + 8) >> 6) + 1, words = new Uint32Array(blocks * 16), hash = START.slice();
  for (let i = 0; i < bytes; i += 1) words[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
  words[bytes >> 2] |= 0x80 << (24 - (bytes % 4) * 8);
  words[words.length - 1] = bytes * 8;
  for (let block = 0; block < words.length; block += 16) {
    W.set(words.subarray(block, block + 16));
    for (let i = 16; i < 64; i += 1) {
      const a = W[i - 15], b = W[i - 2];
      W[i] = W[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + W[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < 64; i += 1) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { hash[i] += word; });
  }
  return hash;
}
const zeros = (hash) => (hash[0] ? Math.clz32(hash[0]) : 32 + Math.clz32(hash[1]));

onmessage = ({ data: { challenge, bits } }) => {
  for (let nonce = 0; ; nonce += 1) {
    if (zeros(digest(`${challenge}:${nonce}`)) >= bits) { postMessage({ nonce: String(nonce) }); return; }
    if (nonce % 20000 === 19999) postMessage({ part: 1 - Math.exp(-nonce / 2 ** bits) });
  }
};
