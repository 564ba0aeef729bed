/* A box that scrolls must be reachable with the keyboard, and only such a box. */
(() => {
  const boxes = "div.math, .bd-article .pst-scrollable-table-container, .bd-article .output.text_html";
  const mark = (box) => {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  // Fonts that come late, folds that open and windows that shrink all change a box or what is in it.
  const sizes = new ResizeObserver((changes) => {
    for (const { target } of changes) mark(target.closest(boxes) ?? target);
  });
  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    await document.fonts.ready;
    for (const box of document.querySelectorAll(boxes)) {
      for (const part of [box, ...box.children]) sizes.observe(part);
      mark(box);
    }
    document.documentElement.dataset.page = "ready";
  });
})();
