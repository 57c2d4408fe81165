"""What the states of its recipients mean for a channel of a message, and those of its channels for the message: one rule each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.core.states import MessageState, RecipientState

REACHED = frozenset({RecipientState.SENT, RecipientState.ACCEPTED, RecipientState.RECALLED})
OPEN = frozenset({MessageState.WAITING, MessageState.QUEUED, MessageState.SENDING})
"""A channel, or a message, that has not ended."""

NOBODY_REACHED = frozenset({MessageState.FAILED, MessageState.DEAD})
"""After these the next channel of a fallback is tried."""


def channel_state_of(counts: Mapping[str, int], *, gave_up: bool) -> MessageState:
    """Return how a channel ended, from how many rows of recipients are in each state."""
    reached = sum(counts.get(state, 0) for state in REACHED)
    if reached:
        return MessageState.SENT if reached == sum(counts.values()) else MessageState.PARTLY
    return MessageState.DEAD if gave_up else MessageState.FAILED


def message_state_of(channels: Sequence[MessageState], *, is_fallback: bool) -> MessageState:
    """Return where a message stands; of a fallback the channel that was begun last counts, of others the worst news and the best."""
    begun = [state for state in channels if state is not MessageState.WAITING]
    if is_fallback and begun:
        return begun[-1]
    found = set(begun)
    if len(found) == 1:
        return begun[0]
    if found & OPEN:
        return MessageState.SENDING
    if found & {MessageState.SENT, MessageState.PARTLY}:
        return MessageState.PARTLY
    return MessageState.DEAD if MessageState.DEAD in found else MessageState.FAILED
