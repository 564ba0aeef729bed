"""The GPT in the page: how long from the click to its first answer, and what a keystroke costs.

    python benchmarks/live_gpt.py [--site FOLDER] [--runs R] [--json FILE]

Opens the chapter of a built site from its folder, headless and without a graphics card, each
run in a browser of its own. `first_answer`: seconds from the click on the button to the frame after
the letters of the first text. `keystroke`: milliseconds of the page's main thread, from Chromium's
trace, in all its tasks from one key to the next: script, style, layout and paint, by the clock and
by the processor's time. `plain` is the same in a field of the same page that nobody reads, and
`added` what the GPT and its drawing add to it. `paste`: seconds until a text that fills the whole
context is read. The goals, a second and 16 milliseconds, were set before the first run. The last
record is benchmarks/live_gpt.json.
"""

import json
import shutil
import statistics
from bisect import bisect
from pathlib import Path
from typing import Annotated, Any

import storing
import typer
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from lmcourse import session

GOALS = {"first_answer": 1.0, "keystroke_clock": 16.0}
PAGE = Path("notebooks/transformer/gpt.html")
TYPED = " It is a film about a man, and it is a fine one."
PAUSE = 150  # milliseconds between two keys
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
READ = """async () => {
  const list = document.querySelector(".gpt-letters");
  const field = () => document.querySelector("#gpt-text");
  while (!field() || list.ariaBusy) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
}"""
CLICK = f"""async () => {{
  const begun = performance.now();
  document.querySelector(".live[data-widget=gpt] button").click();
  await ({READ})();
  return (performance.now() - begun) / 1000;
}}"""
PLAIN = """document.querySelector(".live[data-widget=gpt] .live-title").insertAdjacentHTML(
  "afterend", "<textarea id=plain rows=2>The acting is wonderful.</textarea>")"""
PASTE = f"""async (text) => {{
  const field = document.querySelector("#gpt-text"), begun = performance.now();
  field.value = text;
  field.dispatchEvent(new Event("input"));
  await ({READ})();
  return (performance.now() - begun) / 1000;
}}"""


def keystrokes(events: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Milliseconds of the tasks between one key and the next, from the events of a trace."""
    keys = [
        event
        for event in events
        if event["name"] == "EventDispatch" and event["args"]["data"]["type"] == "keydown"
    ]
    begun = sorted(event["ts"] for event in keys)
    thread = keys[0]["pid"], keys[0]["tid"]
    spent = [{"clock": 0.0, "processor": 0.0} for _ in begun]
    for event in events:
        if event["name"] != "RunTask" or (event["pid"], event["tid"]) != thread:
            continue
        if "dur" not in event:  # the trace ended before the task
            continue
        key = bisect(begun, event["ts"] + event["dur"]) - 1  # the last before the task's end
        if key >= 0:
            spent[key]["clock"] += event["dur"] / 1000
            spent[key]["processor"] += event["tdur"] / 1000
    return spent


def measured(browser: Browser, page: Page) -> dict[str, Any]:
    """One reader: a click, a sentence typed, a long text pasted."""
    page.wait_for_function("document.documentElement.dataset.page === 'ready'")
    page.locator(".live[data-widget=gpt] .live-widget").scroll_into_view_if_needed()
    first = page.evaluate(CLICK)
    read = typed(browser, page, page.locator("#gpt-text"))
    page.evaluate(PLAIN)
    plain = typed(browser, page, page.locator("#plain"))
    page.evaluate("document.querySelector('#plain').remove()")
    added = {clock: read[clock] - plain[clock] for clock in plain}
    paste = page.evaluate(PASTE, "An actor is an actor. " * 14)
    work = {"keystroke": read, "plain": plain, "added": added}
    return {
        "first_answer": first,
        **{f"{name}_{clock}": ms[clock] for name, ms in work.items() for clock in ms},
        "paste": paste,
    }


def typed(browser: Browser, page: Page, field: Locator) -> dict[str, float]:
    """The median work of a key that goes into this field."""
    field.press("End")
    browser.start_tracing(
        page=page,
        categories=["devtools.timeline", "disabled-by-default-devtools.timeline"],
    )
    field.press_sequentially(TYPED, delay=PAUSE)
    page.wait_for_timeout(PAUSE)
    spent = keystrokes(json.loads(browser.stop_tracing())["traceEvents"])
    assert len(spent) == len(TYPED)
    return {clock: statistics.median(each[clock] for each in spent) for clock in spent[0]}


def main(
    site: Annotated[Path, typer.Option(help="a built site")] = Path("_build/html"),
    runs: Annotated[int, typer.Option(min=1, help="browsers, one after the other")] = 7,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the record here")] = None,
) -> None:
    """Measures `runs` readers and prints the medians beside the goals."""
    run = session.start("cpu")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    found: list[dict[str, Any]] = []
    with sync_playwright() as playwright:
        for _ in range(runs):
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            version = browser.version
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto((site.resolve() / PAGE).as_uri())
            found.append(measured(browser, page))
            browser.close()
    medians = {key: statistics.median(each[key] for each in found) for key in found[0]}
    table = Table("", "median", "goal")
    for key, value in medians.items():
        table.add_row(key, f"{value:.2f}", f"{GOALS[key]:g}" if key in GOALS else "")
    Console().print(table)
    if json_file is not None:
        storing.write(
            json_file,
            f"python benchmarks/live_gpt.py --runs {runs}",
            run,
            browser=f"Chromium {version}, headless, without a graphics card",
            runs=found,
            medians=medians,
            goals=GOALS,
        )


if __name__ == "__main__":
    typer.run(main)
