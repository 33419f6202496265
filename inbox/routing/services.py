"""Routing as a step of the pipeline: ask the rules, do what they say, keep why."""

from collections.abc import Sequence

import structlog

from inbox.common import rows, work
from inbox.common.versions import kept, stamp
from inbox.common.work import Actor, Phase
from inbox.routing.acting import CannotAct, act
from inbox.routing.engine import BadRule, CompiledRule, Decision, Matched, compile_rule, evaluate
from inbox.routing.facts import LazyFacts, facts_of
from inbox.routing.models import Rule, RuleHit, RuleTrace
from inbox.tickets import kinds
from inbox.tickets.models import Message, Status, Ticket, TicketEvent

log = structlog.get_logger(__name__)

STATE_EVENTS = {
    kinds.STATUS,
    kinds.CATEGORY,
    kinds.PRIORITY,
    kinds.KIND,
    kinds.TAGGED,
    kinds.UNTAGGED,
    kinds.ASSIGNED,
    kinds.TEAM,
    kinds.BREACHED,
    kinds.DUE_WARNING,
}


def on_event(event: TicketEvent) -> None:
    """Ask the rules about an arrival or a change that a person made."""
    if work.current().historic or event.ticket.status == Status.SPAM:
        return
    if event.kind == kinds.MESSAGE_IN:
        triggers = ["opened", "message"] if event.data.get("first") else ["message"]
        _route(event.ticket, triggers, event.data["message"])
    elif event.kind == kinds.REACTED and event.data.get("added"):
        work.current().cache.setdefault("facts", {})[None] = {
            "emoji": event.data["emoji"],
            "author_role": event.data["role"],
        }
        _route(event.ticket, ["reaction"], None)
    elif event.kind in STATE_EVENTS and event.actor_kind == "user":
        _route(event.ticket, ["state"], None)


def ruleset() -> Sequence[CompiledRule]:
    """The rules that are on, compiled once per version of the rule set."""
    return kept("rules", _load)


def _load() -> list[CompiledRule]:
    found = []
    for rule in Rule.objects.filter(enabled=True, paused_reason=""):
        try:
            found.append(compile_rule(rule.spec))
        except BadRule as error:  # stored by an older version that knew another vocabulary
            log.warning("rule_unreadable", rule=rule.key, why=str(error))
    return found


def _route(ticket: Ticket, triggers: Sequence[str], message_id: int | None) -> None:
    rules = [rule for rule in ruleset() if rule.spec.trigger in triggers]
    if not rules:
        return
    message = _message(message_id)
    facts = _facts(ticket, message)
    decision = evaluate(rules, facts, triggers)
    for matched in decision.matched:
        _apply(ticket, message, matched)
    _keep(ticket, message, triggers, decision)


def _message(pk: int | None) -> Message | None:
    if pk is None:
        return None
    known: Message | None = work.current().objects.get(("message", pk))
    return known or Message.objects.select_related("author", "thread__channel").get(pk=pk)


def _facts(ticket: Ticket, message: Message | None) -> LazyFacts:
    known = work.current().cache.get("facts", {})
    extra = known.get(message.pk) if message else known.pop(None, None)
    return facts_of(ticket, message, extra)


def _apply(ticket: Ticket, message: Message | None, matched: Matched) -> None:
    actor = Actor.rule(matched.spec.key, matched.spec.label)
    with work.current().acting_as(actor):
        for name, value in matched.actions:
            try:
                act(ticket, message, name, value, rule_key=matched.spec.key)
            except CannotAct as error:
                _pause(matched.spec.key, str(error))


def _pause(key: str, why: str) -> None:
    """A rule that points at somebody who is gone rests until a person looks at it."""
    log.warning("rule_paused", rule=key, why=why)
    Rule.objects.filter(key=key).update(paused_reason=why[:250])


def _keep(
    ticket: Ticket, message: Message | None, triggers: Sequence[str], decision: Decision
) -> None:
    now = work.current().now
    trace = RuleTrace(
        ticket=ticket,
        message=message,
        trigger=triggers[-1],
        ruleset=stamp("rules"),
        steps=[step.as_data() for step in decision.trace],
        at=now,
    )
    hits = [RuleHit(rule_id=matched.spec.pk, at=now) for matched in decision.matched]

    def write() -> None:
        rows.insert([trace])
        rows.insert(hits)

    work.current().at_end(Phase.EVENT, ("trace", id(trace)), write)
