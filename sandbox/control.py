"""The control API under `/_sandbox/`: what tests and tools use to script the simulator.

JSON in, JSON out; a POST must say `application/json`, which also keeps foreign web pages out. The pages for
people are in `landing`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from sandbox.faults import KINDS
from sandbox.fire import all_callbacks, fire, firing_platforms, read_order
from sandbox.people import PEOPLE, find_person
from sandbox.phone import chosen_platform, deliver, scan_as
from sandbox.platforms import by_name, simulated_platforms
from sandbox.simulated import Action
from sandbox.state import current_state

blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")


@blueprint.get("/calls")
def calls() -> Response:
    """Lists the calls received, all or those of `?endpoint=`."""
    found = current_state().calls(request.args.get("endpoint"))
    return jsonify([call.as_dict() for call in found])


@blueprint.delete("/calls")
def forget_calls() -> Response:
    """Empties the list of calls."""
    current_state().forget_calls()
    return jsonify({"ok": True})


@blueprint.post("/reset")
def reset() -> Response:
    """Forgets everything."""
    current_state().reset()
    return jsonify({"ok": True})


@blueprint.get("/endpoints")
def endpoints() -> Response:
    """Lists the endpoint names that faults and recorded calls use, and the kinds of faults."""
    names = {rule.endpoint for rule in current_app.url_map.iter_rules()}
    platforms = sorted(name for name in names if name.partition(".")[0] in by_name())
    fired = [f"fire.{platform.slug}" for platform in firing_platforms()]
    return jsonify({"endpoints": [*platforms, *fired], "kinds": KINDS})


@blueprint.get("/faults")
def faults() -> Response:
    """Lists the faults that still wait."""
    return jsonify([fault.as_dict() for fault in current_state().faults.waiting()])


@blueprint.post("/faults")
def add_faults() -> Response:
    """Scripts one fault, or a list of them."""
    given = request.get_json()
    book = current_state().faults
    for item in given if isinstance(given, list) else [given]:
        options = dict(item)
        endpoint, kind = str(options.pop("endpoint", "")), str(options.pop("kind", ""))
        if not endpoint:
            raise ValueError("endpoint is missing, for example *.token")
        book.add(endpoint, kind, options.pop("times", None), **options)
    return faults()


@blueprint.delete("/faults")
def clear_faults() -> Response:
    """Clears all faults, or those of `?endpoint=`."""
    current_state().faults.clear(request.args.get("endpoint"))
    return faults()


@blueprint.post("/auto")
def auto() -> Response:
    """Lets login pages answer by themselves: `{"person":"linxiao","decision":"allow"}`; null ends it."""
    state = current_state()
    given = request.get_json()
    person = given.get("person")
    if person is not None and find_person(str(person)) is None:
        raise ValueError(f"person must be one of {', '.join(known.key for known in PEOPLE)}")
    decision = given.get("decision", "allow")
    if decision not in ("allow", "deny"):
        raise ValueError("decision must be allow or deny")
    with state.lock:
        state.auto_person, state.auto_decision = person, decision
    return jsonify({"person": person, "decision": decision})


@blueprint.route("/switches", methods=["GET", "POST"])
def switches() -> Response:
    """Shows or changes the platforms' switches and `lifetimes`, and moves the clock with `advance` seconds."""
    state = current_state()
    given: dict[str, Any] = request.get_json() if request.method == "POST" else {}
    unknown = set(given) - {*state.switches, "lifetimes", "advance", "expire"}
    if unknown or set(given.get("lifetimes", {})) - set(state.lifetimes):
        known = ", ".join([*state.switches, "advance", "expire"])
        raise ValueError(f"known: {known}, lifetimes of {', '.join(state.lifetimes)}")
    with state.lock:
        state.switches.update({name: bool(given[name]) for name in state.switches if name in given})
        state.lifetimes.update(given.get("lifetimes", {}))
        state.advance(float(given.get("advance", 0)))
        if "expire" in given:
            state.expire_access_tokens(str(given["expire"]))
        shown = {**state.switches, "lifetimes": state.lifetimes, "clock": state.now()}
    return jsonify(shown)


@blueprint.get("/samples")
def samples() -> Response:
    """Lists what can be fired, all or what `?platform=` sends."""
    wanted = request.args.get("platform")
    return jsonify(
        [
            {
                "platform": slug,
                "type": sample.type,
                "title": {"en": sample.title.english, "zh": sample.title.chinese},
            }
            for slug, callbacks in all_callbacks()
            if wanted in (None, slug)
            for sample in callbacks.samples
        ]
    )


@blueprint.post("/fire")
def fire_events() -> Response:
    """Fires sample events at the gateway and returns its answers."""
    return jsonify(fire(current_state(), read_order(request.get_json())))


@blueprint.post("/phone")
def use_phone() -> Response:
    """Acts as a phone: `{"person","action":"scan|text|follow|unfollow","ticket","text","platform"}`."""
    state = current_state()
    given = request.get_json()
    person = find_person(str(given.get("person", ""))) or PEOPLE[0]
    action = given.get("action")
    if action == "scan":
        ticket = state.find_ticket(str(given.get("ticket", "")))
        if ticket is None:
            raise ValueError("no such ticket, address or scene")
        return jsonify(scan_as(state, person, ticket))
    if action not in ("text", "follow", "unfollow"):
        raise ValueError("action must be scan, text, follow or unfollow")
    platform = chosen_platform(str(given.get("platform", "")))
    return jsonify(deliver(state, platform, person, Action(action, text=str(given.get("text", "")))))


@blueprint.get("/people")
def people() -> Response:
    """Lists the fictional people with their identifiers at each platform."""
    settings = current_state().settings
    return jsonify(
        [
            {
                "key": person.key,
                "name": {"en": person.name_en, "zh": person.name_zh},
                **{
                    name: value
                    for platform in simulated_platforms()
                    for name, value in platform.identities(person, settings).items()
                },
            }
            for person in PEOPLE
        ]
    )


@blueprint.errorhandler(ValueError)
def bad_order(error: ValueError) -> tuple[Response, int]:
    """Says what to fix."""
    return jsonify({"error": "bad_request", "message": str(error)}), 400
