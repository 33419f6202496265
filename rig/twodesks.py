"""Two browsers at one desk: when a colleague's page says what somebody does, in milliseconds."""

from dataclasses import dataclass, field
from statistics import median

from playwright.sync_api import Page

GOAL_MS = 2000
WORDS = "#words"  # the field in which an answer is written
# Notes the moment at which the page says the words, wherever its presence line stands by then.
LISTEN = """(words) => {
  window.saidAt = new Promise((done, fail) => {
    const look = () => {
      const line = document.getElementById("presence");
      if (line && line.textContent.includes(words)) { watch.disconnect(); done(Date.now()); }
    };
    const watch = new MutationObserver(look);
    watch.observe(document, { subtree: true, childList: true, characterData: true });
    setTimeout(() => fail(new Error(`never said: ${words}`)), 60000);
    look();
  });
}"""
PRESSED = """(field) => field.addEventListener("keydown",
  () => { window.pressedAt = Date.now(); }, { once: true })"""


@dataclass
class Spent:
    """Milliseconds from what somebody does until the other page says it."""

    views: list[float] = field(default_factory=list)
    types: list[float] = field(default_factory=list)

    def figures(self, name: str) -> dict[str, float]:
        """The middle and the worst of `views` or `types`."""
        rows: list[float] = getattr(self, name)
        return {
            "rounds": len(rows),
            "median_ms": round(median(rows)),
            "worst_ms": round(max(rows)),
            "goal_ms": GOAL_MS,
        }


def once(first: Page, second: Page, path: str, *, name: str, spent: Spent) -> None:
    """`first`, who is called so, opens a ticket that `second` has open, and types on it.

    Opening counts from the navigation's beginning, typing from the key.
    """
    second.goto(path)
    second.locator("#presence").wait_for(state="attached")
    second.evaluate(LISTEN, f"{name} is looking at this")
    first.goto(path)
    begun = first.evaluate("performance.timeOrigin")
    spent.views.append(second.evaluate("window.saidAt") - begun)
    second.evaluate(LISTEN, f"{name} is replying")
    first.locator(WORDS).evaluate(PRESSED)
    first.locator(WORDS).press_sequentially("Hello")
    spent.types.append(second.evaluate("window.saidAt") - first.evaluate("window.pressedAt"))
