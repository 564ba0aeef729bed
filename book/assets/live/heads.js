/* All heads of a model on one sentence: how a token divides its attention, and what is carried to it. */
"use strict";

window.live?.widget("heads", "Try it: choose a head and a token that looks", (place, data) => {
  const { element } = live;
  const { tokens, unit, lengths, heads } = data;
  const start = data.examples[0];
  const T = tokens.length, H = lengths[0].length;
  const tables = data.weights.map((layer) => layer.map((table) => table.split(" ").map((x) => x / unit)));
  const layer = element("select", { id: "live-heads-layer", onchange: () => update() },
    ...tables.map((_, l) => element("option", { value: l, selected: l === start.layer }, l + 1)));
  const head = live.slider("head", {
    min: 1, max: H, step: 1, value: start.head + 1, changed: () => update(),
  });
  const looks = tokens.map((token, t) => element("input", {
    type: "radio", name: "looks", value: t, checked: t === start.token, onchange: () => update(),
  }));
  const rows = tokens.map((token) => ({
    name: element("th", { scope: "row" }, token), weight: live.number(3), weightBar: live.bar("blue"),
    length: live.number(2), carried: live.number(3), carriedBar: live.bar("orange"),
  }));
  const ofWeight = live.number(2), ofLengths = live.number(2), status = live.status();

  const update = () => {
    const l = Number(layer.value), h = head.value - 1, t = looks.findIndex((radio) => radio.checked);
    const weights = tokens.map((_, s) => tables[l][h][t * T + s]);
    const carried = weights.map((weight, s) => weight * lengths[l][h][s]);
    const total = carried.reduce((a, b) => a + b);
    rows.forEach((row, s) => {
      row.name.classList.toggle("live-looks", s === t);
      row.weight.set(weights[s]); row.weightBar.set(weights[s]);
      row.length.set(lengths[l][h][s]);
      row.carried.set(carried[s]); row.carriedBar.set(carried[s] / total);
    });
    ofWeight.set(weights[0]);
    ofLengths.set(carried[0] / total);
    const most = (row) => tokens[row.indexOf(Math.max(...row))];
    status.say(`Layer ${l + 1}, head ${h + 1}, ${tokens[t]} looks: most weight on ${most(weights)}, ${Math.max(...weights).toFixed(2)}; most carried from ${most(carried)}. ${tokens[0]} has ${ofWeight.textContent} of the weight, ${ofLengths.textContent} of the lengths.`);
  };
  const go = ([l, h]) => { layer.value = l; head.position = h + 1; update(); };

  place.append(
    element("p", { class: "live-found" }, "Heads that the chapter chose for: ", ...heads[0].map((name, i) =>
      element("button", { type: "button", onclick: () => go(heads[1][i]) }, name))),
    element("p", {}, element("label", { for: "live-heads-layer" }, "layer"), layer),
    element("div", { class: "sliders" }, ...head.row),
    element("div", { class: "live-tokens", role: "radiogroup", "aria-label": "the token that looks" },
      element("span", {}, "The token that looks:"),
      ...tokens.map((token, t) => element("label", {}, looks[t], token))),
    element("table", { class: "live-heads" },
      element("thead", {}, element("tr", {}, ...["looked at", "weight", "× length", "= carried"].map((name) =>
        element("th", { scope: "col" }, name)))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, row.name,
        element("td", {}, row.weight, row.weightBar), element("td", {}, row.length),
        element("td", {}, row.carried, row.carriedBar))))),
    element("p", {}, `${tokens[0]} has `, ofWeight, " of the weight and ", ofLengths, " of the lengths carried. Bars are shares of their column; bold is the token that looks. The length is that of a token’s value, after this head’s slice of the mixing matrix."),
    status,
  );
  update();
});
