"""What the pages about events, rejections, destinations and the audit say about errors, and about what was just done."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

TRAFFIC_ERRORS: Mapping[str, LazyString] = {
    "bad_filter": _("A filter holds something that cannot be looked for; take it away or make it shorter."),
    "bad_state": _("There is no such state to filter by; choose one from the list."),
    "bad_time": _("A time in the filters is none; write it as 2026-01-31T08:00:00Z."),
    "evidence_sealed": _("The key that sealed this event's credentials is not here any more."),
    "channel_gone": _("Its channel takes no callbacks any more, so nobody here can prove the event."),
    "unknown_rejection": _("This rejection is no longer kept; newer ones took its place."),
    "unknown_destination": _("There is no such destination; the channels file may have changed."),
    "destination_paused": _("This destination is paused already."),
    "bad_reason": _("Say why, in 1 to 200 characters."),
    "unknown_source": _("There is no such source; the list has all of them."),
    "bad_request": _("The request cannot be read."),
    "bad_keys": _("The keys do not fit this source."),
    "other_source": _(
        "It came to a channel of another source, or to one that is off; paste the request instead."
    ),
    "unknown_route": _("This route is not loaded any more; choose another one."),
    "bad_rate": _("The rate is a number of events a second, from 0.1 to 10000."),
    "bad_dispatches": _("Choose what runs again from the list."),
    "bad_limit": _("One replay takes 1 to 10000 events."),
    "nothing_to_replay": _("No route takes this event, so nothing would run."),
    "too_many_events": _(
        "More events fit than one replay may take; narrow the filters, or use `flask events replay`."
    ),
    "unknown_replay": _("There is no replay of many events under this number."),
}


TRAFFIC_DONE: Mapping[str, LazyString] = {
    "replayed": _("It runs again; what comes of it appears below."),
    "destination_paused": _("The destination is paused: nothing is forwarded to it until it is resumed."),
    "destination_resumed": _("Forwarding starts anew; what waited is due now."),
}
