/* What is wider than its box scrolls by itself: it shows so, and can be reached with the keyboard. */
(() => {
  const kinds = {
    Formula: "div.math",
    Table: ".bd-article .pst-scrollable-table-container, .bd-article .output.text_html",
    Output: ".bd-article .output pre",
    Code: ".bd-article :not(.output) > .highlight > pre",
  };
  const showEdges = (box) => {
    const rest = box.scrollWidth - box.clientWidth - box.scrollLeft;
    box.classList.toggle("more-left", box.scrollLeft > 1);
    box.classList.toggle("more-right", rest > 1);
  };
  const mark = (box, kind) => {
    const wide = box.scrollWidth > box.clientWidth + 1;
    box.classList.toggle("scrolls", wide);
    showEdges(box);
    if (wide) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", `${kind}, scrolls sideways`);
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  };
  const markAll = () => {
    for (const [kind, boxes] of Object.entries(kinds))
      for (const box of document.querySelectorAll(boxes)) mark(box, kind);
  };

  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    await document.fonts.ready;
    markAll();
    document.documentElement.dataset.page = "ready";
  });
  addEventListener("resize", markAll);
  document.fonts.addEventListener("loadingdone", markAll);
  document.addEventListener("toggle", markAll, true);
  const scrolled = ({ target }) => target.classList?.contains("scrolls") && showEdges(target);
  document.addEventListener("scroll", scrolled, { capture: true, passive: true });
})();
