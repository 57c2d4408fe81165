"""What the pages of channels say in the reader's language: steps, purposes, states, and reasons that are made with names."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from markupsafe import Markup, escape

from app.pipeline.operators.arrivals import Arrival
from app.pipeline.operators.cure_words import Words
from app.pipeline.operators.setup import Step
from app.web.languages import current_language

STEPS: Mapping[str, LazyString] = {
    "keys": _("Keys and values"),
    "address": _("Address at the platform"),
    "check": _("Check by the platform"),
    "event": _("First event"),
    "taken": _("Handler or destination"),
    "login": _("First login"),
}
PURPOSES: Mapping[str, LazyString] = {
    "callback_url": _("Callbacks"),
    "accounts_url": _("Callbacks of accounts"),
    "redirect_uri": _("Return of logins"),
    "relay_host": _("Relay, for SDKs"),
}
NEEDS: Mapping[str, LazyString] = {
    "everything": _("everything"),
    "inbound": _("callbacks"),
    "login": _("logins"),
}
COVERS: Mapping[str, LazyString] = {
    "body": _("the whole body"),
    "origin": _("who calls, not the body"),
    "none": _("nothing: anybody can send"),
}
OUTCOMES: Mapping[str, LazyString] = {
    "passed": _("the check passed"),
    "elsewhere": _("wrong address"),
}
UNSET = "not set in the environment: "
EMPTY = " is empty in the channels file"
NO_CALLBACKS = " is not set, so no callbacks are taken"
NO_LOGINS = " is not set, so nobody is logged in"


def in_language(words: Words) -> str:
    """Return the sentence for the reader."""
    return words.chinese if current_language().locale.startswith("zh") else words.english


def name_of(title: str) -> str:
    """Return a channel's title; a platform's own name in the reader's language. Never by a template: its `_` takes HTML."""
    return str(gettext(title))


def with_code(sentence: str) -> Markup:
    """Return a sentence as HTML, with what stands between backquotes as code."""
    pieces = (
        Markup("<code>{}</code>").format(each) if at % 2 else escape(each)
        for at, each in enumerate(sentence.split("`"))
    )
    return Markup("").join(pieces)


def reason_words(reason: str) -> str:
    """Return why a channel takes no part, in the reader's language where the sentences are ours."""
    kept = (each for each in reason.split("; ") if not each.startswith("set it, or write"))
    return "; ".join(_one_reason(each) for each in kept)


def _one_reason(reason: str) -> str:
    if reason == "enabled = false is written in the channels file":
        return str(gettext("enabled = false is written in the channels file"))
    if reason.startswith(UNSET):
        return str(gettext("Not set in the environment: %(names)s", names=reason.removeprefix(UNSET)))
    if reason.endswith(EMPTY):
        return str(gettext("Empty in the channels file: %(names)s", names=reason.removesuffix(EMPTY)))
    if NO_CALLBACKS in reason:
        return str(
            gettext("%(key)s is not set, so no callbacks are taken.", key=reason.partition(NO_CALLBACKS)[0])
        )
    if NO_LOGINS in reason:
        return str(gettext("%(key)s is not set, so nobody is logged in.", key=reason.partition(NO_LOGINS)[0]))
    return reason


def step_detail(step: Step) -> str:
    """Return what a step has to say beside its name."""
    if step.name == "keys" and step.state == "failed":
        return reason_words(step.detail)
    if step.name == "keys" and step.detail:
        return str(gettext("Worth a look: %(names)s", names=step.detail))
    if step.name == "address" and step.state == "waiting":
        return str(
            gettext(
                "Enter the address at the platform and save it there; what arrives is shown here at once."
            )
        )
    if step.name == "check" and step.state == "unneeded":
        return str(gettext("This platform sends none, or sent it before events came."))
    if step.name == "taken":
        return _taken(step)
    return step.detail


def _taken(step: Step) -> str:
    if step.detail == "ignored":
        return str(gettext("No handler and no destination takes this type of event."))
    if step.detail == "dead":
        return str(gettext("It failed for good; its attempts say why."))
    return ""


def outcome_words(arrival: Arrival) -> str:
    """Return what became of a request, in the reader's language; the word of a refusal stays as it is."""
    if arrival.kind in OUTCOMES:
        return str(OUTCOMES[arrival.kind])
    return str(OUTCOMES.get(arrival.outcome, arrival.outcome))
