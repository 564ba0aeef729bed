/* Wide formulas scroll by themselves; a box that scrolls must be reachable with the keyboard. */
(() => {
  const boxes = "div.math, .bd-article .pst-scrollable-table-container, .bd-article .output.text_html";
  const mark = () => {
    for (const box of document.querySelectorAll(boxes)) {
      const wide = box.scrollWidth > box.clientWidth + 1;
      if (wide) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    await document.fonts.ready;
    mark();
    document.documentElement.dataset.page = "ready";
  });
  addEventListener("resize", mark);
})();
