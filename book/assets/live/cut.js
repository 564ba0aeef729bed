/* The border of the neutral class moved on validation: what is called what, and two scores that choose. */
"use strict";

window.live?.widget("cut", "Try it: how many to call neutral?", (place, data) => {
  const { element } = live;
  const names = ["blame", "neutral", "praise"];
  const truth = [...data.truth].map(Number), most = 30; // per cent: as many as in the picture
  const choice = (label, id, options) => {
    const select = element("select", { id, onchange: () => load() },
      ...options.map(([value, text]) => element("option", { value }, text)));
    return { select, row: element("span", {}, element("label", { for: id }, label), select) };
  };
  const loss = choice("loss", "live-cut-loss", Object.keys(data.runs).map((name) => [name, name]));
  const run = choice("training run", "live-cut-run", data.runs[loss.select.value].map((_, i) => [i, i + 1]));
  const share = live.slider("called neutral, per cent", {
    min: 0, max: most, step: 1, value: 15, changed: () => update(),
  });
  const border = live.number(2), trained = live.number(2), status = live.status();
  const cells = names.map((_, is) => names.map((_, called) => ({
    count: live.number(0), bar: live.bar(is === called ? "blue" : "orange"),
  })));
  const f1s = names.map(() => ({ value: live.number(3), bar: live.bar("blue") }));
  const goals = [["accuracy", "Best accuracy"], ["macroF1", "Best macro-F1"]].map(([key, name]) => ({
    key, value: live.number(3), bar: live.bar("blue"), best: live.number(3), at: live.number(0),
    button: element("button", { type: "button", onclick: () => go(key) }, name),
  }));

  let sides, doubts, sorted, all; // of one run, and what each share gives
  /* The doubt below which a part q lies, between two of them by a straight line. */
  const quantile = (q) => {
    const place = q * (sorted.length - 1), below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  const judge = (percent) => {
    const border = quantile(1 - percent / 100);
    const table = names.map(() => names.map(() => 0));
    truth.forEach((is, i) => { table[is][doubts[i] > border ? 1 : sides[i]]++; });
    const rows = table.map((row) => row.reduce((a, b) => a + b));
    const f1 = names.map((_, k) => {
      const both = rows[k] + table.reduce((sum, row) => sum + row[k], 0);
      return both ? 2 * table[k][k] / both : 0;
    });
    const right = table.reduce((sum, row, k) => sum + row[k], 0);
    return { border, table, rows, f1, accuracy: right / truth.length, macroF1: f1.reduce((a, b) => a + b) / 3 };
  };
  const bestOf = (key) => all.reduce((best, each, i) => (each[key] > all[best][key] ? i : best), 0);
  const go = (key) => { share.position = bestOf(key); update(); };

  const load = () => {
    const chosen = data.runs[loss.select.value][run.select.value];
    sides = [...chosen.sides].map(Number);
    doubts = chosen.doubts.split(" ").map((x) => x / data.unit);
    sorted = doubts.toSorted((a, b) => a - b);
    all = Array.from({ length: most + 1 }, (_, percent) => judge(percent));
    trained.set(data.trained[loss.select.value]);
    for (const { key, best, at } of goals) { at.set(bestOf(key)); best.set(all[bestOf(key)][key]); }
    update();
  };
  const update = () => {
    const now = all[share.value];
    border.set(now.border);
    names.forEach((_, is) => {
      cells[is].forEach(({ count, bar }, called) => {
        count.set(now.table[is][called]);
        bar.set(now.table[is][called] / (now.rows[is] || 1));
      });
      f1s[is].value.set(now.f1[is]);
      f1s[is].bar.set(now.f1[is]);
    });
    for (const { key, value, bar } of goals) { value.set(now[key]); bar.set(now[key]); }
    const [accuracy, macroF1] = goals;
    status.say(`${share.value} per cent called neutral: ${now.table[1][1]} of ${now.rows[1]} neutral sentences found, accuracy ${accuracy.value.textContent}, macro-F1 ${macroF1.value.textContent}. Accuracy is best with ${accuracy.at.textContent} per cent, macro-F1 with ${macroF1.at.textContent}.`);
  };

  place.append(
    element("p", { class: "live-choices" }, loss.row, run.row),
    element("div", { class: "sliders" }, ...share.row),
    element("p", {}, "Neutral when the doubt is above ", border, "; as trained, the border is ", trained, "."),
    element("table", { class: "live-cut" },
      element("thead", {},
        element("tr", {}, element("td"), element("th", { colspan: 3, scope: "colgroup" }, "called"), element("td")),
        element("tr", {}, ...["is", ...names, "F1"].map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, ...names.map((name, is) => element("tr", {},
        element("th", { scope: "row" }, name),
        ...cells[is].map(({ count, bar }) => element("td", {}, count, bar)),
        element("td", {}, f1s[is].value, f1s[is].bar))))),
    ...goals.map(({ key, value, bar, best, at, button }) => element("div", { class: "live-goal" },
      element("span", {}, key === "accuracy" ? "accuracy" : "macro-F1"), element("span", {}, value, bar),
      element("span", {}, "best ", best, " with ", at, " per cent"), button)),
    element("p", {}, `Of ${truth.length.toLocaleString("en")} validation sentences. Accuracy counts every sentence alike, macro-F1 every class: it is the mean of the three F1s.`),
    status,
  );
  load();
});
