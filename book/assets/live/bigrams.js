/* The table of bigrams, alive: a row looked up, names drawn letter by letter, k moved. */
"use strict";

window.live?.widget("bigrams", "Try it: look up, draw, smooth", (place, data) => {
  const { element } = live;
  const { symbols, counts } = data;
  const V = symbols.length;
  const totals = counts.map((row) => row.reduce((sum, c) => sum + c, 0));
  const probability = (a, b) => (counts[a][b] + k.value) / (totals[a] + k.value * V);

  const k = live.slider("k", {
    min: -7, max: 2, step: 0.01, value: -7,
    read: (x) => (x <= -6.995 ? 0 : 10 ** x), show: live.rounded, changed: () => update(),
  });
  const before = element("select", { id: "live-before", onchange: () => update() },
    ...symbols.map((symbol, a) => element("option", { value: a }, symbol === "↵" ? "↵, the beginning" : symbol)));
  const bits = live.number(4), status = live.status();
  const drawn = element("span", { class: "live-drawn" });
  let letters = []; // of the name being drawn
  const total = element("span");
  const cells = symbols.map((symbol) => ({ count: live.number(0), p: live.number(4), bar: live.bar("blue") }));

  const heldOutBits = () => {
    let sum = 0, pairs = 0;
    data.held_out.forEach((row, a) => row.forEach((c, b) => {
      if (c) { sum -= c * Math.log2(probability(a, b)); pairs += c; }
    }));
    return sum / pairs;
  };
  const update = () => {
    const a = Number(before.value);
    total.textContent = `${totals[a]} pairs; the fullest bar is the likeliest`;
    const row = symbols.map((_, b) => probability(a, b));
    const largest = Math.max(...row);
    cells.forEach(({ count, p, bar }, b) => { count.set(counts[a][b]); p.set(row[b]); bar.set(row[b] / largest); });
    bits.set(heldOutBits());
    status.say(`k is ${live.rounded(k.value)}: held-out names need ${Number.isFinite(Number(bits.value)) ? bits.textContent : "infinitely many"} bits per character.${letters.length ? ` Drawn: ${drawn.textContent}.` : ""}`);
  };

  /* A letter is drawn: the place of a random number among the sums of a row's probabilities. */
  const draw = () => {
    if (letters.length && letters.at(-1) === 0) letters = [];
    const a = letters.at(-1) ?? 0;
    let rest = Math.random(), b = 0;
    for (; b < V - 1 && rest >= probability(a, b); b++) rest -= probability(a, b);
    letters.push(b);
    before.value = b;
  };
  const tell = () => {
    drawn.textContent = letters.map((b) => symbols[b]).join("");
    update();
  };
  const step = () => { draw(); tell(); };
  const whole = () => {
    do draw(); while (letters.at(-1) !== 0 && letters.length < 1000);
    tell();
  };

  place.append(
    element("div", { class: "sliders" }, ...k.row),
    element("p", {}, "Names that were not counted: ", bits, " bits per character."),
    element("p", {}, element("button", { type: "button", onclick: step }, "Draw a letter"), " ",
      element("button", { type: "button", onclick: whole }, "Draw a name"), " ", drawn),
    element("p", {}, element("label", { for: "live-before" }, "after "), before, " ", total),
    element("ul", { class: "live-cells" }, ...symbols.map((symbol, b) => element("li", {},
      element("b", {}, symbol), cells[b].count, " times, p ", cells[b].p, cells[b].bar))),
    status,
  );
  update();
});
