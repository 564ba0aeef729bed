/* Scores and a temperature moved by hand: probabilities, entropy, surprise and slopes go with them. */
"use strict";

window.live?.widget("sharpness", "Try it: move the scores and the temperature", (place, data) => {
  const start = data.examples[0];
  const words = data.words.map((word, i) => ({
    word,
    score: live.slider(word, {
      min: -5, max: 5, step: 0.1, value: start.scores[i],
      show: (x) => x.toFixed(1).replace("-", "−"), changed: () => update(),
    }),
    came: live.element("input", {
      type: "radio", name: "came", checked: i === start.came, onchange: () => update(),
    }),
    p: live.number(3), pBar: live.bar("blue"),
    slope: live.number(3), slopeBar: live.bar("orange", true),
  }));
  const temperature = live.slider("temperature τ", {
    min: -1.3, max: 1.7, step: 0.01, value: 0, read: (x) => 10 ** x,
    show: live.rounded, changed: () => update(),
  });
  const entropy = live.number(3), surprise = live.number(3), status = live.status();

  const update = () => {
    const tau = temperature.value;
    const scaled = words.map(({ score }) => score.value / tau);
    const largest = Math.max(...scaled);
    const total = scaled.reduce((sum, z) => sum + Math.exp(z - largest), 0);
    const logs = scaled.map((z) => z - largest - Math.log(total));
    let bits = 0;
    words.forEach((row, i) => {
      const p = Math.exp(logs[i]);
      bits -= p * logs[i] / Math.LN2;
      const slope = (p - (row.came.checked ? 1 : 0)) / tau;
      row.p.set(p); row.pBar.set(p);
      row.slope.set(slope); row.slopeBar.set(slope * tau);
      if (row.came.checked) surprise.set(-logs[i]);
    });
    entropy.set(bits);
    status.say(`Entropy ${entropy.textContent} bits; ` + words.map(({ word, p }) => `${word} ${p.textContent}`).join(", ") + ".");
  };

  const { element } = live;
  place.append(
    element("div", { class: "sliders" }, ...temperature.row),
    ...words.map((row) => element("div", { class: "live-row", role: "group", "aria-label": row.word },
      element("div", { class: "sliders" }, ...row.score.row),
      element("div", {}, "p ", row.p, row.pBar),
      element("div", {}, "slope ", row.slope, row.slopeBar),
      element("label", {}, row.came, "came"))),
    element("p", {}, "Entropy ", entropy, ` bits of at most ${Math.log2(words.length)}; surprise at the word that came `, surprise, " nats. The slope is (p − y)/τ; its bar shows p − y."),
    status,
  );
  update();
});
