"""The control API under `/_sandbox/`: what tests and tools use to script the simulator.

JSON in, JSON out; a POST must say `application/json`, which also keeps foreign web pages out. The pages for
people are in `landing`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from sandbox.events import SAMPLES
from sandbox.faults import KINDS
from sandbox.fire import PLATFORMS, Order, fire
from sandbox.people import PEOPLE, find_person
from sandbox.phone import deliver, scan_as
from sandbox.state import current_state
from sandbox.wechat_mini import new_js_code

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
    platforms = sorted(name for name in names if name.partition(".")[0] in ("feishu", "wechat", "oauth2"))
    fired = [f"fire.{platform}" for platform in PLATFORMS]
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
            raise ValueError("endpoint is missing, for example oauth2.token")
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
    """Shows or changes `snapshot`, `lifetimes`, and moves the clock with `advance` seconds."""
    state = current_state()
    given: dict[str, Any] = request.get_json() if request.method == "POST" else {}
    unknown = set(given) - {"snapshot", "lifetimes", "advance", "expire"}
    if unknown or set(given.get("lifetimes", {})) - set(state.lifetimes):
        raise ValueError(f"known: snapshot, advance, expire, lifetimes of {', '.join(state.lifetimes)}")
    with state.lock:
        state.snapshot = bool(given.get("snapshot", state.snapshot))
        state.lifetimes.update(given.get("lifetimes", {}))
        state.advance(float(given.get("advance", 0)))
        if "expire" in given:
            state.expire_access_tokens(str(given["expire"]))
        shown = {"snapshot": state.snapshot, "lifetimes": state.lifetimes, "clock": state.now()}
    return jsonify(shown)


@blueprint.get("/samples")
def samples() -> Response:
    """Lists what can be fired."""
    return jsonify(
        [
            {
                "platform": sample.platform,
                "type": sample.type,
                "title": {"en": sample.title_en, "zh": sample.title_zh},
            }
            for sample in SAMPLES
        ]
    )


@blueprint.post("/fire")
def fire_events() -> Response:
    """Fires sample events at the gateway and returns its answers."""
    return jsonify(fire(current_state(), Order.from_json(request.get_json())))


@blueprint.post("/phone")
def use_phone() -> Response:
    """Acts as a phone: `{"person","action":"scan|text|follow|unfollow","ticket","text"}`."""
    state = current_state()
    given = request.get_json()
    person = find_person(str(given.get("person", ""))) or PEOPLE[0]
    action = given.get("action")
    if action == "scan":
        ticket = state.find_ticket(str(given.get("ticket", "")))
        if ticket is None:
            raise ValueError("no such ticket, address or scene")
        return jsonify(scan_as(state, person, ticket))
    if action == "text":
        return jsonify(deliver(state, person, "message.text", {"Content": str(given.get("text", ""))}))
    kinds = {"follow": "subscribe", "unfollow": "unsubscribe"}
    if action not in kinds:
        raise ValueError("action must be scan, text, follow or unfollow")
    return jsonify(deliver(state, person, kinds[action], {}))


@blueprint.post("/js_code")
def js_code() -> Response:
    """Gives a Mini Program login code of a person: `{"person":"maya"}`."""
    person = find_person(str(request.get_json().get("person", ""))) or PEOPLE[0]
    return jsonify({"js_code": new_js_code(current_state(), person)})


@blueprint.get("/people")
def people() -> Response:
    """Lists the fictional people with their identifiers."""
    settings = current_state().settings
    return jsonify(
        [
            {
                "key": person.key,
                "name": {"en": person.name_en, "zh": person.name_zh},
                "oauth2_id": person.number,
                "feishu_open_id": person.feishu_open_id(settings.feishu_app_id),
                "feishu_union_id": person.feishu_union_id,
                "wechat_open_id": person.wechat_open_id(settings.wechat_app_id),
                "wechat_union_id": person.wechat_union_id,
            }
            for person in PEOPLE
        ]
    )


@blueprint.errorhandler(ValueError)
def bad_order(error: ValueError) -> tuple[Response, int]:
    """Says what to fix."""
    return jsonify({"error": "bad_request", "message": str(error)}), 400
