/* The border of the neutral class moved on validation: what is called what, accuracy and macro-F1. */
"use strict";

window.live?.widget("cut", "Try it: how many to call neutral?", (place, data) => {
  const { element } = live;
  const names = ["blame", "neutral", "praise"];
  const changed = () => update();
  const loss = element("select", { id: "live-loss", onchange: changed },
    ...Object.keys(data.sides).map((name) => element("option", { value: name }, name)));
  const share = live.slider("called neutral, per cent", {
    min: 0, max: 50, step: 0.5, value: 5, show: (x) => x.toFixed(1), changed,
  });
  const cells = names.map(() => names.map(() => live.number(0)));
  const accuracy = live.number(3), macroF1 = live.number(3), status = live.status();

  /* The doubt below which a share q lies, between two of them by a straight line. */
  const quantile = (doubts, q) => {
    const place = q * (doubts.length - 1), below = Math.floor(place);
    const above = Math.min(below + 1, doubts.length - 1);
    return doubts[below] + (place - below) * (doubts[above] - doubts[below]);
  };
  const update = () => {
    const [scores, doubts] = data.sides[loss.value];
    const border = quantile(doubts.toSorted((a, b) => a - b), 1 - share.value / 100);
    const table = names.map(() => names.map(() => 0));
    data.truth.forEach((is, i) => {
      const called = doubts[i] > border ? 1 : scores[i] > 0 ? 2 : 0;
      table[is][called]++;
    });
    let right = 0, sum = 0;
    for (let k = 0; k < 3; k++) {
      const row = table[k].reduce((a, b) => a + b), column = table.reduce((a, line) => a + line[k], 0);
      right += table[k][k];
      sum += f1(table[k][k], row, column);
    }
    cells.forEach((line, is) => line.forEach((cell, called) => cell.set(table[is][called])));
    accuracy.set(right / data.truth.length);
    macroF1.set(sum / 3);
    status.say(`Accuracy ${accuracy.textContent}, macro-F1 ${macroF1.textContent}; ${table[1][1]} neutral sentences found.`);
  };
  const f1 = (right, row, column) => (row + column ? 2 * right / (row + column) : 0);

  place.append(
    element("p", {}, element("label", { for: "live-loss" }, "loss"), " ", loss),
    element("div", { class: "sliders" }, ...share.row),
    element("table", { class: "live-table" },
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "is"),
        ...names.map((name) => element("th", { scope: "col" }, `called ${name}`)))),
      element("tbody", {}, ...names.map((name, is) => element("tr", {},
        element("th", { scope: "row" }, name), ...cells[is].map((cell) => element("td", {}, cell)))))),
    element("p", {}, "Accuracy ", accuracy, ", macro-F1 ", macroF1, "."),
    status,
  );
  update();
});
