/* The character GPT in the page: its surprise at what is typed, what it expects, what it writes, and
   beside it an n-gram. The model is in gpt/model.js, the counts in gpt/ngram.js, the row of letters in
   gpt/letters.js. Weights and training text come by gpt/loader.js when the reader asks for them. */
"use strict";

window.live?.widget("gpt", "Try it: type, and let the GPT go on", (place, data, script) => {
  const { element, number } = live;
  const SHOWN = 8; // likeliest symbols
  const PATIENCE = 12; // milliseconds of work, then the page may breathe
  const LONGEST = 300; // letters written at one click

  let alphabet, gpt, ngram; // once they are there
  let ids = []; // of the whole text, the opening included
  let first = 1; // the first of them that is predicted
  let letters = []; // of each that is shown: symbol, bits of GPT and n-gram, and what else was likely
  let turn = 0, writing = false; // work begun in an earlier turn is out of date

  /* What is shown: letters, means, and what was expected at the letter chosen. */
  const list = live.letters(() => expect());
  const means = [number(2), number(2)], surprise = [number(1), number(1)];
  const key = (color) => element("i", { class: "gpt-key", style: `background: var(--lm-${color})` });
  const where = new Text(), hint = new Text(), note = element("p", { class: "gpt-note" });
  const status = live.status(), loader = live.loader(script, status);
  const rows = Array.from({ length: SHOWN }, () => {
    const symbol = element("b", {}, ""), p = [number(3), number(3)], bars = [live.bar("blue"), live.bar("orange")];
    const counted = element("span", {}, p[1], bars[1]);
    return { item: element("li", {}, symbol, p[0], bars[0], counted), symbol, p, bars, counted };
  });
  const ofNgram = [
    element("span", {}, ", ", key("orange"), "n-gram ", means[1]),
    element("span", {}, ", of the n-gram ", surprise[1]),
    ...rows.map(({ counted }) => counted),
  ];
  ofNgram.forEach((each) => { each.hidden = true; });

  const chances = (logits, temperature) => live.Gpt.softmax(logits.map((z) => z / Math.max(temperature, 1e-9)));

  /* The likeliest symbols at a letter: before the model is there, those that are stored. */
  const likeliest = (i) => {
    if (!letters[i].logits) return i === letters.length - 1 ? data.examples[0].likeliest : [];
    const { logits, counted } = letters[i], p = chances(logits, temperature.value);
    const best = [...p.keys()].sort((a, b) => logits[b] - logits[a]).slice(0, SHOWN);
    return best.map((id) => [alphabet[id], p[id], ...(ngram ? [counted(id)] : [])]);
  };
  const expect = () => {
    const i = list.chosen, found = likeliest(i), before = letters.slice(Math.max(0, i - 12), i);
    const context = before.map(({ symbol }) => list.sign(symbol)).join("");
    where.data = `${context ? `After ${i > 12 ? "…" : ""}${context}` : first > 1 ? "After what was given" : "At the beginning"} comes ${letters[i].symbol === "\n" ? "↵, the end" : list.sign(letters[i].symbol)}: surprise of the GPT `;
    letters[i].bits.forEach((bits, k) => surprise[k].set(bits));
    hint.data = !found.length ? " bits. Once it is loaded, the GPT says what it expected here." : gpt ? " bits, at temperature 1. Expected here, at the temperature below:" : " bits. Expected here:";
    rows.forEach(({ item, symbol, p, bars }, r) => {
      item.hidden = !found[r];
      if (item.hidden) return;
      const [name, ...probabilities] = found[r];
      symbol.firstChild.data = list.sign(name);
      probabilities.forEach((each, k) => { p[k].set(each); bars[k].set(each); });
    });
  };
  const show = (chosen) => {
    if (gpt) {
      const text = ids, start = first; // a later text has others
      letters = [...ids, 0].slice(first).map((id, i) => {
        const logits = gpt.logits[i], counted = (id) => ngram.probability(text, start + i, id, order.value);
        const bits = [-Math.log2(chances(logits, 1)[id])];
        if (ngram) bits.push(-Math.log2(counted(id)));
        return { symbol: alphabet[id], bits, logits, counted };
      });
    }
    list.show(letters);
    letters[0].bits.forEach((_, k) => means[k].set(letters.reduce((sum, { bits }) => sum + bits[k], 0) / letters.length));
    list.choose(chosen ?? letters.length - 1);
  };
  const say = () => status.say(`${note.textContent} GPT ${means[0].textContent}${ngram ? `, n-gram ${means[1].textContent}` : ""} bits per character. Expected next: ${likeliest(letters.length - 1).slice(0, 3).map(([symbol, p]) => `${list.name(symbol)} ${p.toFixed(3)}`).join(", ")}.`);

  /* Reading. What the text has in common with the last one is not read again; of a text longer than the
     context the last `context_length` ids are read, as by `next_logits` of lmcourse.models.gpt. */
  const breath = () => new Promise((go) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = go;
    channel.port2.postMessage(0);
  });
  const read = async (mine) => {
    first = Math.max(1, ids.length + 1 - gpt.config.context_length);
    const seen = ids.slice(first - 1);
    let same = 0;
    while (same < gpt.ids.length && gpt.ids[same] === seen[same]) same++;
    gpt.cut(same);
    for (let until = performance.now() + PATIENCE; gpt.ids.length < seen.length;) {
      gpt.read(seen[gpt.ids.length]);
      if (performance.now() < until) continue;
      await breath();
      if (mine !== turn) return false;
      until = performance.now() + PATIENCE;
    }
    return true;
  };

  /* Text as the book folds it (`fold_ascii` of lmcourse.text.characters), but for a space at its end. */
  const SIGNS = { "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..." };
  const plain = (text) => text.replace(/[‘’“”–—…]/g, (sign) => SIGNS[sign]).normalize("NFKD").replace(/[^\t-\r -~]/g, "");
  const fold = (text) => plain(text).replace(/[\t-\r ]+/g, " ").replace(/^ /, "");
  const tell = (more = "") => {
    const foreign = [...new Set(field.value.match(/[^\t-\r -~]/gu))].slice(0, 12);
    const read = foreign.filter(plain).map((sign) => `${sign} as ${plain(sign)}`);
    const gone = foreign.filter((sign) => !plain(sign));
    const P = gpt.config.context_length;
    const told = [
      read.length && `Read in the letters of the alphabet: ${read.join(", ")}.`,
      gone.length && `Not in the alphabet, left out: ${gone.join(" ")}.`,
      ids.length > P && `The GPT has ${P} places: of ${(ids.length - 1).toLocaleString("en")} letters it reads the last ${P}; the first of these is given.`,
      more,
    ].filter(Boolean).join(" ");
    if (note.textContent !== told) note.textContent = told;
  };

  const begin = () => {
    list.setAttribute("aria-busy", "true");
    return ++turn;
  };
  const end = () => {
    list.removeAttribute("aria-busy");
    show();
    say();
  };
  const typed = async () => {
    const mine = begin();
    halt();
    ids = [0, ...Array.from(fold(field.value), (symbol) => alphabet.indexOf(symbol))];
    tell();
    if (await read(mine)) end();
  };

  /* Writing: a symbol is drawn, the place of a random number among the sums of the probabilities. */
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const halt = () => {
    if (writing) pen.textContent = "Let it write";
    writing = false;
  };
  const drawn = (p) => {
    let rest = Math.random(), id = 0;
    for (; id < p.length - 1 && rest >= p[id]; id++) rest -= p[id];
    return id;
  };
  const write = async () => {
    if (writing) return halt();
    const mine = begin();
    writing = true;
    pen.textContent = "Stop";
    field.value = fold(field.value);
    let ended = false, n = 0;
    for (; n < LONGEST && await read(mine); n++) {
      if (calm.matches) await breath();
      else { show(); await new Promise(requestAnimationFrame); }
      if (mine !== turn || !writing) break;
      const id = drawn(chances(gpt.logits.at(-1), temperature.value));
      ended = id === 0; // ↵
      if (ended) break;
      ids.push(id);
      field.value += alphabet[id];
    }
    if (mine !== turn || !await read(mine)) return;
    halt();
    tell(ended ? "It wrote ↵, the end." : `It stopped after ${n} letters.`);
    end();
  };

  const field = element("textarea", { id: "gpt-text", rows: 2, spellcheck: "false", autocapitalize: "off", oninput: typed });
  const pen = element("button", { type: "button", onclick: write }, "Let it write");
  const temperature = live.slider("temperature of the GPT", {
    min: 0, max: 2, step: 0.05, value: 1, show: (x) => x.toFixed(2), changed: () => { expect(); say(); },
  });
  const order = live.slider("order of the n-gram (Witten–Bell)", { min: 1, max: 8, step: 1, value: 5, changed: () => recount() });
  const above = element("div"), below = element("div"), sliders = element("div", { class: "sliders" });

  const recount = () => {
    if (!list.ariaBusy) { show(list.chosen); say(); } // else the text is being read, and shown then
  };
  const counting = () => loader("Count a simple n-gram beside it", "reviews", async ({ gzip }) => {
    const packed = new Blob([Uint8Array.from(atob(gzip), (each) => each.charCodeAt(0))]);
    const text = await new Response(packed.stream().pipeThrough(new DecompressionStream("gzip"))).text();
    const made = new live.Ngram(alphabet.length, 8);
    let until = performance.now() + PATIENCE;
    for (const sentence of text.split("\n")) {
      made.add([0, ...Array.from(sentence, (symbol) => alphabet.indexOf(symbol)), 0]);
      if (performance.now() < until) continue;
      await breath();
      until = performance.now() + PATIENCE;
    }
    ngram = made;
    ofNgram.forEach((each) => { each.hidden = false; });
    sliders.append(...order.row);
    order.row[1].focus();
    recount();
  });
  const loading = () => loader("Load the GPT, type and let it write", "char_gpt", (file) => {
    gpt = new live.Gpt(file);
    alphabet = file.alphabet;
    field.value = data.examples[0].text.split(" ").slice(0, 3).join(" "); // to be gone on with
    above.append(element("label", { for: field.id }, "Your text"), field, note);
    sliders.append(...temperature.row);
    below.append(element("p", {}, pen), sliders, counting());
    live.rest(place);
    field.focus();
    return typed();
  });

  letters = [...data.examples[0].text, "\n"].map((symbol, i) => ({ symbol, bits: [data.examples[0].bits[i]] }));
  place.append(
    above,
    list,
    element("p", {}, key("blue"), "GPT ", means[0], ofNgram[0], ` bits per character, the end counted. A bar of full height has ${list.tallest} bits or more.`),
    element("p", {}, where, surprise[0], ofNgram[1], hint),
    element("ul", { class: "live-cells gpt-rows" }, ...rows.map(({ item }) => item)),
    below,
    status,
  );
  below.append(loading());
  show();
});
