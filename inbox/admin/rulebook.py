"""What the rule book's page shows: lines, hits, order, and a dry run of a draft."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from inbox.accounts.models import User
from inbox.routing import backtest
from inbox.routing.engine import BadRule, CompiledRule, Decision, compile_rule, evaluate
from inbox.routing.models import Rule, RuleHit
from inbox.routing.sentences import sentence
from inbox.tickets import queries
from inbox.tickets.models import Ticket

DAYS, BARS = 30, 12
STEP = 10
SHOWN = 12


@dataclass(kw_only=True)
class Line:
    """One rule of the book."""

    rule: Rule
    number: int
    text: str
    hits: int
    bars: list[tuple[float, float, float]]  # x, y, height of the little chart


def lines() -> list[Line]:
    """Every rule in its order with its hits of the last 30 days: two statements."""
    now = timezone.now()
    counted: dict[int, list[int]] = {}
    since = now - timedelta(days=DAYS)
    for rule_id, at in RuleHit.objects.filter(at__gt=since).values_list("rule_id", "at"):
        place = int((at - since) / timedelta(days=DAYS) * BARS)
        counted.setdefault(rule_id, [0] * BARS)[min(place, BARS - 1)] += 1
    return [
        Line(
            rule=rule,
            number=number,
            text=sentence(rule.trigger, rule.condition, rule.actions, stop=rule.stop, brief=True),
            hits=sum(counted.get(rule.pk, ())),
            bars=_bars(counted.get(rule.pk, [0] * BARS)),
        )
        for number, rule in enumerate(Rule.objects.all(), 1)
    ]


def _bars(counts: list[int]) -> list[tuple[float, float, float]]:
    most = max(counts) or 1
    heights = [max(1.5, round(16 * n / most, 1)) for n in counts]
    return [(n * 5, round(16 - height, 1), height) for n, height in enumerate(heights)]


def next_order() -> int:
    """Behind every other rule."""
    return int(Rule.objects.aggregate(last=Max("order"))["last"] or 0) + STEP


def arrange(rule: Rule, asked: Mapping[str, Any]) -> str:
    """Switch a rule on or off, or move it; says what was done."""
    if "enabled" in asked:
        rule.enabled, rule.paused_reason = asked["enabled"] == "1", ""
        rule.save(update_fields=["enabled", "paused_reason"])
        return "switched on" if rule.enabled else "switched off"
    others = [other for other in Rule.objects.select_for_update() if other.pk != rule.pk]
    at = _place(rule, others, asked)
    others.insert(at, rule)
    for number, other in enumerate(others, 1):
        if other.order != number * STEP:
            Rule.objects.filter(pk=other.pk).update(order=number * STEP)
    return f"moved to place {at + 1}"


def _place(rule: Rule, others: list[Rule], asked: Mapping[str, Any]) -> int:
    now = sum((other.order, other.pk) < (rule.order, rule.pk) for other in others)
    if asked.get("before"):
        keys = [str(other.pk) for other in others]
        return keys.index(asked["before"]) if asked["before"] in keys else len(others)
    step = {"up": -1, "down": 1}.get(str(asked.get("move")), 0)
    return min(max(now + step, 0), len(others))


# ------------------------------------------------------------------ dry run


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a ticket's first message meets today, and with the draft."""

    ticket: Ticket
    state: str  # met: as before · hour: would change · wait: an earlier rule takes it
    today: str
    then: str


@dataclass(kw_only=True)
class DryRun:
    """A draft asked about the last tickets; nothing was changed."""

    count: int
    outcomes: list[Outcome] = field(default_factory=list)

    def number(self, state: str) -> int:
        """How many tickets end in a state."""
        return sum(outcome.state == state for outcome in self.outcomes)

    @property
    def sums(self) -> list[tuple[str, int, str, str]]:
        """(state, how many, words, icon)."""
        rows = (
            ("met", "as before", "check"),
            ("hour", "would change", "swap"),
            ("wait", "caught earlier", "up"),
        )
        return [(state, self.number(state), words, icon) for state, words, icon in rows]

    @property
    def shown(self) -> list[Outcome]:
        """What would change first."""
        order = {"hour": 0, "wait": 1, "met": 2}
        return sorted(self.outcomes, key=lambda o: order[o.state])[:SHOWN]


def compiled(rules: Iterable[Rule]) -> list[CompiledRule]:
    """Rules made ready; one that cannot be read is left out."""
    found = []
    for rule in rules:
        try:
            found.append(compile_rule(rule.spec))
        except BadRule:
            continue
    return found


def dry_run(draft: Rule, user: User) -> DryRun:
    """Ask the book with and without the draft about the last tickets that the user may see."""
    stored = list(Rule.objects.filter(enabled=True))
    with_draft = [rule for rule in stored if rule.pk != draft.pk]
    if draft.enabled:
        with_draft.append(draft)
    with_draft.sort(key=lambda rule: (rule.order, rule.pk or 0))
    triggers = ["opened", "message"]
    (alone,) = compiled([draft])
    last = queries.visible_to(user).select_related("channel", "owner", "team", "asker__contact")
    tickets = list(last.order_by("-number")[: backtest.LAST])
    before = backtest.on_last_tickets(compiled(stored), tickets, triggers)
    after = compiled(with_draft)
    found = DryRun(count=len(tickets))
    for trial in before:
        then = evaluate(after, trial.facts, triggers)
        holds = bool(evaluate([alone], trial.facts, triggers).matched)
        state = _state(draft, trial.decision, then, holds=holds)
        if state:
            outcome = Outcome(
                ticket=trial.ticket,
                state=state,
                today=_words(trial.decision),
                then="same, an earlier rule comes first" if state == "wait" else _words(then),
            )
            found.outcomes.append(outcome)
    return found


def _state(draft: Rule, today: Decision, then: Decision, *, holds: bool) -> str:
    if _done(today) != _done(then):
        return "hour"
    if draft.spec.key in {matched.spec.key for matched in then.matched}:
        return "met"
    return "wait" if holds and draft.enabled else ""


def _done(decision: Decision) -> list[Any]:
    return [matched.actions for matched in decision.matched]


def _words(decision: Decision) -> str:
    """The category that the rules set, else the last rule that matched."""
    for matched in decision.matched:
        for name, value in matched.actions:
            if name == "category":
                return str(value)
    return decision.matched[-1].spec.label if decision.matched else "no rule"
