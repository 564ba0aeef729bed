/* Letters in a row with their surprise as bars above them: one tab stop, arrow keys choose a letter. */
"use strict";

if (window.live) live.letters = (chose) => {
  const { element, number } = live;
  const TALLEST = 12; // bits of a bar of full height
  const list = element("ul", { class: "gpt-letters", role: "listbox", tabindex: 0, "aria-label": "letters and their surprise; arrow keys choose one" });
  const cells = [];
  let length = 0;

  const cell = (i) => cells[i] ??= (() => {
    const bars = [element("i"), element("i")], numbers = [number(1), number(1)], letter = element("b");
    const item = element("li", { role: "option", id: `gpt-letter-${i}`, "aria-selected": "false", onclick: () => choose(i) },
      element("span", { "aria-hidden": "true" }, ...bars), letter, element("span", { hidden: true }, ...numbers));
    return { item, bars, numbers, letter };
  })();

  const choose = (i) => {
    cells[list.chosen]?.item.setAttribute("aria-selected", "false");
    list.chosen = Math.max(0, Math.min(length - 1, i));
    cells[list.chosen].item.setAttribute("aria-selected", "true");
    list.setAttribute("aria-activedescendant", `gpt-letter-${list.chosen}`);
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
    choose,
    name: (symbol) => ({ "\n": "the end", " ": "space" })[symbol] ?? symbol,
    sign: (symbol) => ({ "\n": "↵", " ": "␣" })[symbol] ?? symbol,

    /* `letters` has of each its symbol and bits: one number, or a second one for another model. */
    show(letters) {
      letters.forEach(({ symbol, bits }, i) => {
        const { item, bars, numbers, letter } = cell(i), drawn = [symbol, ...bits].join();
        if (item.drawn === drawn) return; // what did not change is not drawn again
        item.drawn = drawn;
        letter.textContent = list.sign(symbol);
        bits.forEach((each, k) => {
          numbers[k].set(each);
          bars[k].style.height = `${Math.min(1, each / TALLEST) * 100}%`;
        });
        item.setAttribute("aria-label", `${list.name(symbol)}, ${numbers.slice(0, bits.length).map((each) => `${each.textContent} bits`).join(", n-gram ")}`);
      });
      for (; length > letters.length; length--) cells[length - 1].item.remove();
      for (; length < letters.length; length++) list.append(cells[length].item);
      list.classList.toggle("two", letters[0].bits.length > 1);
    },
  });
};
