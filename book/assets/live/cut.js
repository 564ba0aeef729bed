/* How many to call neutral: what is called what, and two scores that choose differently. */
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
  const told = choice("the model was told", "live-cut-told", ["names", "order", "numbers", "nine names"].map((name) => [name, name]));
  const run = choice("training run, each on sentences of its own", "live-cut-run", data.runs[told.select.value].map((_, i) => [i, i + 1]));
  const share = live.slider("called neutral, per cent", {
    min: 0, max: most, step: 1, value: 15, changed: () => { update(); say(); },
  });
  const border = live.number(3), rule = [live.number(2), live.number(1)], status = live.status();
  const cells = names.map((_, is) => names.map((_, called) => ({
    count: live.number(0), bar: live.bar(is === called ? "blue" : "orange"),
  })));
  const f1s = names.map(() => ({ value: live.number(3), bar: live.bar("blue") }));
  const scores = ["accuracy", "macro-F1"].map((name) => ({
    name, value: live.number(3), bar: live.bar("blue"), best: live.number(3), at: live.number(0),
    button: element("button", { type: "button", onclick: () => go(name) }, `Go to best ${name}`),
  }));

  let chosen, all; // one run, and what each share gives
  const judge = (percent) => {
    const table = names.map(() => names.map(() => 0));
    truth.forEach((is, i) => { table[is][parseInt(chosen.since[i], 32) <= percent ? 1 : chosen.sides[i]]++; });
    const rows = table.map((row) => row.reduce((a, b) => a + b));
    const f1 = names.map((_, k) => {
      const both = rows[k] + table.reduce((sum, row) => sum + row[k], 0);
      return both ? 2 * table[k][k] / both : 0;
    });
    const right = table.reduce((sum, row, k) => sum + row[k], 0);
    return { table, rows, f1, "accuracy": right / truth.length, "macro-F1": f1.reduce((a, b) => a + b) / 3 };
  };
  const bestOf = (name) => all.reduce((best, each, i) => (each[name] > all[best][name] ? i : best), 0);
  const go = (name) => { share.position = bestOf(name); update(); say(); };

  const open = () => {
    chosen = data.runs[told.select.value][run.select.value];
    all = Array.from({ length: most + 1 }, (_, percent) => judge(percent));
    rule.forEach((number, k) => number.set(chosen.rule[k]));
    for (const { name, best, at } of scores) { at.set(bestOf(name)); best.set(all[bestOf(name)][name]); }
    update();
  };
  const load = () => { open(); say(); };
  const update = () => {
    const now = all[share.value];
    border.set(chosen.borders[share.value]);
    names.forEach((_, is) => {
      cells[is].forEach(({ count, bar }, called) => {
        count.set(now.table[is][called]);
        bar.set(now.table[is][called] / (now.rows[is] || 1));
      });
      f1s[is].value.set(now.f1[is]);
      f1s[is].bar.set(now.f1[is]);
    });
    for (const { name, value, bar } of scores) { value.set(now[name]); bar.set(now[name]); }
  };
  const say = () => {
    const { table, rows } = all[share.value];
    const found = scores.map(({ name, value, best, at }) => `${name} ${value.textContent}, best ${best.textContent} at ${at.textContent} per cent`);
    status.say(`${told.select.value}, run ${run.select.selectedIndex + 1}, ${share.value} per cent called neutral: ${table[1][1]} of ${rows[1]} neutral sentences found; ${found.join("; ")}.`);
  };

  const aside = (text) => element("span", { class: "visually-hidden" }, text);
  const neutral = truth.filter((is) => is === 1).length;
  place.append(
    element("p", { class: "live-choices" }, told.row, run.row),
    element("div", { class: "sliders" }, ...share.row),
    element("p", {}, "The most doubtful are called neutral, here those with a doubt above ", border, ": for names, the logit of neutral less the larger of the two others; for the rest, minus the distance of their score from the middle. As trained, the border is ", rule[0], ", and ", rule[1], " per cent are called neutral."),
    element("table", { class: "live-cut" },
      element("caption", {}, "Sentences. Row: what it is. Column: what it is called. Bar: share of the row, blue where right; under F1, F1 itself."),
      element("thead", {}, element("tr", {}, element("td", {}, "truly"),
        ...names.map((name) => element("th", { scope: "col" }, aside("called "), name)), element("th", { scope: "col" }, "F1"))),
      element("tbody", {}, ...names.map((name, is) => element("tr", {},
        element("th", { scope: "row" }, aside("truly "), name),
        ...cells[is].map(({ count, bar }) => element("td", {}, count, bar)),
        element("td", {}, f1s[is].value, f1s[is].bar))))),
    ...scores.map(({ name, value, bar, best, at, button }) => element("div", { class: "live-score", role: "group", "aria-label": name },
      element("span", {}, name), element("span", {}, value, bar),
      element("span", {}, "best ", best, " at ", at, " per cent"), button)),
    element("p", {}, `Accuracy counts each of the ${truth.length.toLocaleString("en")} sentences alike, macro-F1 each class: it is the mean of the three F1s. Best is the best of 0, 1, … ${most} per cent, the lowest such share, on these very validation sentences, of which ${neutral} are neutral. At none of these shares is accuracy, in any run, a hundredth higher than at 0. On the test sentences, a border so chosen gained less than 0.05 of macro-F1 over none, on average of the runs. The picture has the mean of three runs, and ridge regression beside it.`),
    status,
  );
  open();
});
