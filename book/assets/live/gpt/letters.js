/* Letters in a row with their surprise as bars above them: one tab stop, arrow keys choose a letter. */
"use strict";

if (window.live) live.letters = (chose) => {
  const { element } = live;
  const list = element("ul", { class: "gpt-letters", role: "listbox", tabindex: 0, "aria-label": "letters and their surprise; arrow keys choose one" });
  const cells = [];
  let length = 0;
  const BLOCK = 32; // letters that are made at once: each that is put in asks the page for its style anew

  /* Of a letter: its item in the list, whose style has the bars, and one `data` for each number. */
  const cell = (i) => {
    const item = element("li", { role: "option", id: `gpt-letter-${i}`, "aria-selected": "false", onclick: () => choose(i) });
    const numbers = [element("data", {}, ""), element("data")];
    item.append(...numbers);
    return { item, numbers };
  };

  const choose = (i) => {
    cells[list.chosen]?.item.setAttribute("aria-selected", "false");
    list.chosen = Math.max(0, Math.min(length - 1, i));
    cells[list.chosen].item.setAttribute("aria-selected", "true");
    list.setAttribute("aria-activedescendant", `gpt-letter-${list.chosen}`);
    if (list.chosen === length - 1) requestAnimationFrame(() => { list.scrollTop = 1e6; }); // where one types
    chose();
  };
  list.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: list.chosen - 1, ArrowRight: list.chosen + 1, Home: 0, End: length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
    cells[list.chosen].item.scrollIntoView({ block: "nearest" });
  });

  return Object.assign(list, {
    chosen: 0,
    tallest: 12, // bits of a bar of full height
    choose,
    name: (symbol) => ({ "\n": "the end", " ": "space" })[symbol] ?? symbol,
    sign: (symbol) => ({ "\n": "↵", " ": "␣" })[symbol] ?? symbol,

    /* `letters` has of each its symbol and bits: one number, or a second one for another model. */
    show(letters) {
      while (cells.length < letters.length) {
        const more = Array.from({ length: BLOCK }, (_, i) => cell(cells.length + i));
        cells.push(...more);
        list.append(...more.map(({ item }) => item));
      }
      length = letters.length;
      letters.forEach(({ symbol, bits }, i) => {
        const { item, numbers } = cells[i], drawn = [symbol, ...bits].join();
        if (item.drawn === drawn) return; // what did not change is not drawn again
        item.drawn = drawn;
        bits.forEach((each, k) => {
          numbers[k].value = each;
          item.style.setProperty(`--bar-${k}`, Math.min(1, each / list.tallest).toFixed(3));
        });
        numbers[0].firstChild.data = list.sign(symbol);
        item.setAttribute("aria-label", `${list.name(symbol)}, ${bits.map((each) => `${each.toFixed(1)} bits`).join(", n-gram ")}`);
      });
      cells.forEach(({ item }, i) => {
        if (item.hidden !== i >= letters.length) item.hidden = !item.hidden;
      });
      list.classList.toggle("two", letters[0].bits.length > 1);
    },
  });
};
