/* A dictionary that can be undecided: query and sharpness moved, weights and context go with them. */
"use strict";

window.live?.widget("lookup", "Try it: ask another question, more or less sharply", (place, data) => {
  const { element } = live;
  const { words, vectors } = data;
  const features = ["a being", "an action", "a human"];
  const changed = () => update();
  const minus = (x) => x.toFixed(1).replace("-", "−");
  const sharpness = live.slider("sharpness", {
    min: -2, max: 2, step: 0.01, value: 0, changed,
    read: (x) => (x <= -1.995 ? 0 : 10 ** x), show: live.rounded,
  });
  const query = features.map((feature, i) => live.slider(feature, {
    min: -3, max: 3, step: 0.1, value: data.examples[0].query[i], show: minus, changed,
  }));
  const rows = words.map(() => ({ score: live.number(2), weight: live.number(3), bar: live.bar("blue") }));
  const context = features.map(() => live.number(3));
  const status = live.status();

  const update = () => {
    const scores = vectors.map((vector) => {
      const dot = vector.reduce((sum, x, i) => sum + x * query[i].value, 0);
      return sharpness.value * dot;
    });
    const largest = Math.max(...scores);
    const parts = scores.map((score) => Math.exp(score - largest));
    const total = parts.reduce((sum, part) => sum + part, 0);
    const weights = parts.map((part) => part / total);
    rows.forEach(({ score, weight, bar }, t) => { score.set(scores[t]); weight.set(weights[t]); bar.set(weights[t]); });
    context.forEach((number, i) => number.set(vectors.reduce((sum, vector, t) => sum + weights[t] * vector[i], 0)));
    status.say(`Weights: ${words.map((word, t) => `${word} ${rows[t].weight.textContent}`).join(", ")}. Context: ${context.map((number) => number.textContent).join(", ")}.`);
  };

  place.append(
    element("div", { class: "sliders" }, ...sharpness.row),
    element("p", {}, "How much the query wants"),
    element("div", { class: "sliders" }, ...query.flatMap((slider) => slider.row)),
    ...words.map((word, t) => element("div", { class: "live-row" },
      element("div", {}, `${word}, (${vectors[t].join(", ")})`),
      element("div", {}, "score ", rows[t].score),
      element("div", {}, "weight ", rows[t].weight, rows[t].bar))),
    element("p", {}, "Context: (", context[0], ", ", context[1], ", ", context[2], ")"),
    status,
  );
  update();
});
