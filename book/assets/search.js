/* Excerpts of the search results: whole words of prose, without code, controls or TeX. */
(() => {
  const apparatus = ".headerlink, script, style, summary, .cell_input, .cell_output, pre, button, figure.ladder, "
    + ".chapter-measure, .place, .chapter-list, p.start, div.math, table";
  const before = 110, after = 170;

  // A formula that is more than letters, digits and signs would be noise.
  const formula = (tex) => {
    const bare = tex.replace(/^\s*\\\(|\\\)\s*$/g, "").trim();
    return /[\\{}^_]/.test(bare) ? "…" : bare;
  };

  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const article = page.querySelector("article.bd-article");
    const found = (anchor && article?.querySelector(anchor)) || article;
    if (!found) return "";
    found.querySelectorAll(`${apparatus}, h1`).forEach((part) => part.remove());
    found.querySelectorAll("span.math").forEach((part) => { part.textContent = formula(part.textContent); });
    found.querySelectorAll("p, li, h2, h3, h4, dt, dd").forEach((part) => part.append(" "));
    return found.textContent.replace(/\s+/g, " ").replace(/ ([.,;:!?])/g, "$1").trim();
  };

  Search.makeSearchSummary = (html, words, anchor) => {
    const text = Search.htmlToText(html, anchor);
    if (!text) return null;
    const lower = text.toLowerCase();
    const places = [...words].map((word) => lower.indexOf(word)).filter((place) => place >= 0);
    const middle = places.length ? Math.min(...places) : 0;
    const start = middle <= before ? 0 : text.indexOf(" ", middle - before) + 1;
    const space = text.lastIndexOf(" ", middle + after);
    const end = middle + after >= text.length || space <= middle ? text.length : space;
    const summary = document.createElement("p");
    summary.className = "context";
    summary.textContent = (start ? "… " : "") + text.slice(start, end) + (end < text.length ? " …" : "");
    return summary;
  };
})();
