"""Pages carry what they use: no icon script, and of the icon fonts only the icons on the site.

The theme ships 1.5 MB of icon script, 275 kB of icon fonts and 74 kB of icon style rules for the
dozen icons of this site. The script is left out by `templates/static/webpack-macros.html`; this
module cuts the fonts and the rules down once the pages are written and the icons in use are known.
"""

import re
from pathlib import Path

from fontTools import subset
from sphinx.application import Sphinx

TEMPLATES = Path(__file__).parent / "templates"
ICON = re.compile(r"\bfa-([a-z0-9-]+)")
RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"(?:\\(?P<code>[0-9a-f]+)|[^"]*)"\}')
SOURCE = re.compile(r'url\((?P<stem>[^)]*/fa-[a-z]+-\d+)\.woff2\) format\("woff2"\)')


def icons_in(folder: Path) -> set[str]:
    """Names of the icons that the pages and scripts of a built site use."""
    files = [*folder.rglob("*.html"), *folder.glob("_static/*.js"), *folder.glob("_static/s*/*.js")]
    texts = (f.read_text(encoding="utf-8") for f in files if f.name != "fontawesome.js")
    return {name for text in texts for name in ICON.findall(text)}


def trim_rules(css: str, icons: set[str]) -> tuple[str, set[int]]:
    """`css` with the rules of the used icons only, and the code points these rules draw."""
    codes: set[int] = set()

    def keep(rule: re.Match[str]) -> str:
        if icons.isdisjoint(ICON.findall(rule[1])):
            return ""
        if rule["code"]:
            codes.add(int(rule["code"], 16))
        return rule[0]

    return RULE.sub(keep, css), codes


def trim_font(source: Path, target: Path, codes: set[int]) -> None:
    """Write the glyphs of `codes` from a TrueType font to `target`, a WOFF font."""
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    font = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    subset.save_font(font, str(target), options)


def trim_icons(app: Sphinx, exception: Exception | None) -> None:
    """Cut the icon fonts, their rules and the unused script from the built site."""
    if exception is not None or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    css, codes = trim_rules(sheet.read_text(encoding="utf-8"), icons_in(Path(app.outdir)))
    sheet.write_text(SOURCE.sub(r'url(\g<stem>.woff) format("woff")', css), encoding="utf-8")
    for font in (static / "vendor" / "fontawesome" / "webfonts").glob("*.ttf"):
        trim_font(font, font.with_suffix(".woff"), codes)
        font.with_suffix(".woff2").unlink(missing_ok=True)
    for leftover in [*static.rglob("*.map"), *static.glob("scripts/fontawesome.js*")]:
        leftover.unlink(missing_ok=True)


def setup(app: Sphinx) -> None:
    app.connect("config-inited", lambda _, c: c.templates_path.insert(0, str(TEMPLATES)))
    app.connect("build-finished", trim_icons)
