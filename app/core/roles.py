"""Roles: what somebody may do with a gateway. A higher one may everything that a lower one may."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """`viewer` looks, `operator` also acts on what is there, `admin` also decides who may do so; they stand in this order."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, needed: Role) -> bool:
        """Say whether whoever has this role may do what needs the other one."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
