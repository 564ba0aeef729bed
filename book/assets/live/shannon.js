/* Shannon's game: a sentence guessed letter by letter, the reader's guesses beside those of models.

   A guess number costs the bits in `by_guess`. Who gives up is taken to go on with the characters
   from the most frequent down, those that were tried left out, and is never right at once: so every player
   has a number. */
"use strict";

window.live?.widget("shannon", "Play: guess the next character", (place, data) => {
  const { element } = live;
  const { texts, starts, frequent, by_guess } = data;
  const spoken = (c) => (c === " " ? "space" : c);
  const mean = (numbers) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  let game, needed, tried; // which sentence; the guess numbers so far; characters tried in vain

  const sentence = element("select", { id: "live-sentence", onchange: () => begin() },
    ...texts.map((_, i) => element("option", { value: i }, i + 1)));
  const guess = element("input", { id: "live-guess", type: "text", maxlength: 1, size: 2, autocomplete: "off",
    autocapitalize: "none", spellcheck: "false", oninput: () => read() });
  const giveUp = element("button", { type: "button", onclick: () => found(Math.max(2, rest().indexOf(letter()) + 1 + tried.length)) }, "Tell me");
  const line = element("ol", { class: "live-guessed", tabindex: 0, "aria-label": "The sentence so far" });
  const vain = element("p"), status = live.status();
  const row = (name) => ({ name, first: live.number(0), coded: live.number(2), own: live.number(2), bar: live.bar(name === "you" ? "orange" : "blue") });
  const rows = [row("you"), ...data.rungs.map(({ name }) => row(name))];
  const table = element("table", { hidden: true },
    element("thead", {}, element("tr", {}, ...["", "right at once, %", "bits a character, by number of guesses", "", "by its own probabilities"]
      .map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...rows.map(({ name, first, coded, own, bar }) => element("tr", {},
      element("th", { scope: "row" }, name), element("td", {}, first), element("td", {}, coded), element("td", {}, bar),
      element("td", {}, name === "you" ? "" : own)))));

  const letter = () => texts[game][starts[game] + needed.length];
  const rest = () => [...frequent].filter((c) => !tried.includes(c));
  const shown = (c, number) => element("li", {}, element("span", {}, c === " " ? "␣" : c), element("small", {}, number ?? ""));

  const begin = () => {
    game = Number(sentence.value);
    needed = [], tried = [];
    line.replaceChildren(...[...texts[game].slice(0, starts[game])].map((c) => shown(c)));
    table.hidden = true;
    ask(`Sentence ${game + 1} begins: ${texts[game].slice(0, starts[game])}`);
  };
  const ask = (what, hint) => {
    const over = letter() === undefined;
    guess.value = "";
    guess.disabled = giveUp.disabled = over;
    vain.textContent = over ? "That was the sentence. Another one?" : [hint, tried.length && `not ${tried.map(spoken).join(", ")}`].filter(Boolean).join("; ") || "What comes next?";
    status.say(`${what}. ${vain.textContent}`);
  };
  const read = () => {
    const c = guess.value;
    if (c === letter()) found(tried.length + 1);
    else if (!frequent.includes(c)) { if (c) ask("No", `${c} is no character of the game`); }
    else if (tried.includes(c)) ask("No", `${spoken(c)} was tried`);
    else { tried.push(c); ask("No"); }
  };
  const found = (number) => {
    const c = letter();
    line.append(shown(c, number));
    line.scrollLeft = line.scrollWidth;
    needed.push(number);
    tried = [];
    score();
    ask(`${spoken(c)}, guess ${number}. You: ${rows[0].coded.textContent} bits a character`);
  };
  const score = () => {
    const tell = ({ first, coded, bar }, guesses) => {
      const bits = mean(guesses.map((number) => by_guess[number - 1]));
      first.set(100 * mean(guesses.map((number) => (number === 1 ? 1 : 0))));
      coded.set(bits);
      bar.set(bits / Math.max(...by_guess));
    };
    tell(rows[0], needed);
    data.rungs.forEach(({ guesses, bits }, i) => {
      tell(rows[i + 1], guesses[game].slice(0, needed.length));
      rows[i + 1].own.set(mean(bits[game].slice(0, needed.length)));
    });
    table.hidden = false;
  };

  place.append(
    element("p", {}, element("label", { for: "live-sentence" }, "sentence"), sentence),
    line,
    element("p", {}, element("label", { for: "live-guess" }, "next character (a space is one, too) "), guess, " ", giveUp),
    vain,
    element("p", {}, `Right at once costs ${by_guess[0].toFixed(1)} bits, at the second guess ${by_guess[1].toFixed(1)} in all, and a later guess never less: numbers that the larger Transformer seldom needed, on forty other sentences, cost more. “Tell me” counts as if you went on with the characters from the most frequent down, and never as right at once. Compare yourself by the first two columns; the last needs probabilities, which you did not tell.`),
    table, status,
  );
  begin();
});
