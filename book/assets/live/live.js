/* What every widget is made of. A widget is a file beside this one:

     window.live?.widget("name", "what it is called", (place, data) => { … });

   `place` is its box in the page, below the picture, and `data` what the chapter stored with
   `lmcourse.live.show`. Numbers are shown by `live.number`, which keeps the exact one for the tests. */
"use strict";

window.live = (() => {
  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  };

  /* A number as it is read, with all its digits in `value`. Its text node stays: to put in another one
     would ask the page for its style anew, all `:has()` of it. */
  const number = (digits) => {
    const shown = element("data", {}, "");
    return Object.assign(shown, {
      set(x) {
        shown.value = String(x);
        shown.firstChild.data = Number.isFinite(x) ? x.toFixed(digits).replace(/^-(0\.?0*)$/, "$1").replace("-", "−") : "∞";
      },
    });
  };

  /* Two digits of a number from 0 on, all of a large one. */
  const rounded = (x) => (x && x < 99.5 ? x.toPrecision(2) : x.toFixed(0));

  /* A labelled slider; `read` makes of its position what is meant and shown. */
  let sliders = 0;
  const slider = (label, { min, max, step, value, read = (x) => x, show = String, changed }) => {
    const id = `live-slider-${sliders++}`;
    const input = element("input", { type: "range", id, min, max, step, value });
    const shown = element("span", { class: "live-value", "aria-hidden": "true" });
    const tell = () => {
      shown.textContent = show(read(input.valueAsNumber));
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    input.addEventListener("input", () => { tell(); changed(); });
    tell();
    return {
      row: [element("label", { for: id }, label), input, shown],
      get value() { return read(input.valueAsNumber); },
      set position(x) { input.value = x; tell(); },
    };
  };

  /* What a screen reader says of a change, when the hand has come to rest. */
  const status = () => {
    const line = element("p", { role: "status", class: "visually-hidden" });
    let later;
    return Object.assign(line, {
      say(text) {
        clearTimeout(later);
        later = setTimeout(() => { line.textContent = text; }, 400);
      },
    });
  };

  /* A bar of a length from 0 to 1; a negative one goes to the left of the middle when `both`. */
  const bar = (color, both = false) => {
    const made = element("span", { class: both ? "bar both" : "bar", "aria-hidden": "true" }, element("i"));
    made.firstChild.style.background = `var(--lm-${color})`;
    return Object.assign(made, {
      set(x) {
        const long = Math.min(1, Math.abs(x)) * (both ? 50 : 100);
        made.firstChild.style.width = `${long}%`;
        if (both) made.firstChild.style.left = `${x < 0 ? 50 - long : 50}%`;
      },
    });
  };

  /* A script that is asked for; a page that is opened from a folder may load nothing else. */
  const load = (src) => new Promise((resolve, reject) => {
    document.head.append(element("script", { src, onload: resolve, onerror: reject }));
  });

  const widget = (name, title, build) => {
    const script = document.currentScript;
    for (const figure of document.querySelectorAll(`.live[data-widget="${name}"]`)) {
      const place = element("section", { class: "live-widget", "aria-label": title });
      const heading = element("p", { class: "live-title" }, title);
      const open = () => {
        const data = JSON.parse(figure.querySelector("script").textContent);
        place.replaceChildren(heading);
        build(place, data, script);
      };
      if (figure.querySelector("script")) open();
      else place.append(heading, later(name, figure, open));
      figure.append(place);
    }
  };

  /* The button of a widget whose data are not in the page: it loads them and opens the widget. */
  const later = (name, figure, open) => {
    const status = element("span", { role: "status" });
    const button = element("button", { type: "button", class: "live-open" }, "Open");
    button.addEventListener("click", async () => {
      try {
        await load(figure.dataset.src);
      } catch {
        status.textContent = " It could not be loaded. Try again?";
        return;
      }
      figure.append(element("script", { type: "application/json" }, liveData[name]));
      open();
      figure.querySelector("input, select, button")?.focus();
    });
    return element("p", {}, button, status);
  };

  /* While one types in `place`, the page's other sections are not laid out and painted anew at every key
     as long as they are out of sight. Nothing moves, now or when they come back. */
  const rest = (place) => {
    const article = place.closest("article"), height = (each) => each.getBoundingClientRect().height;
    const others = [...article.querySelectorAll("section")]
      .filter((each) => !each.contains(place) && each.parentElement.contains(place));
    for (const { style } of others) {
      const before = height(article);
      style.contain = "content"; // so that margins within no longer meet those of its neighbours
      style.marginBottom = `${before - height(article)}px`;
      style.overflowClipMargin = "1rem"; // for the rings of what has the focus at an edge
    }
    const heights = others.map(height);
    others.forEach(({ style }, i) => {
      style.containIntrinsicHeight = `auto ${heights[i]}px`;
      style.contentVisibility = "auto";
    });
  };

  return { bar, element, load, number, rest, rounded, slider, status, widget };
})();
