"""Judges the port that `flask serve` uses: whether this gateway, another program or nobody has it."""

from __future__ import annotations

from dataclasses import dataclass

from app.pipeline.operators.doctor.finding import Finding


@dataclass(frozen=True, slots=True)
class PortFacts:
    """Who was found on a port: `answer` is how this gateway's probe was answered there."""

    port: int
    holder: str | None = None
    is_taken: bool = False
    is_ours: bool = False
    is_gateway: bool = False


def port_finding(facts: PortFacts) -> Finding:
    """Say who has the port."""
    values = {"port": facts.port, "holder": facts.holder or "another program"}
    if facts.is_ours:
        return Finding("port", "ok", "This gateway answers on port %(port)s.", values=values)
    if not facts.is_taken:
        return Finding(
            "port",
            "warn",
            "Nobody listens on port %(port)s: this gateway is not running here.",
            "Start it with `flask serve`; where it serves on another port, `flask doctor --port N`.",
            values,
        )
    if facts.is_gateway:
        return Finding(
            "port",
            "wrong",
            "Another gateway has port %(port)s (%(holder)s): its SECRET_KEY is not this one's.",
            "Give each environment a port of its own (`flask serve --port N`), and its proxy the same one; `flask doctor --port N` looks there.",
            values,
        )
    return Finding(
        "port",
        "wrong",
        "Port %(port)s is taken by %(holder)s, which is not this gateway.",
        "Stop that program, or serve on another port with `flask serve --port N` and tell the proxy.",
        values,
    )
