"""What the console says in the reader's language about errors, and about what was just done. Nothing else is worded here."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from app.core.errors import CallgateError
from app.web.console.traffic_words import TRAFFIC_DONE, TRAFFIC_ERRORS

ERRORS: Mapping[str, LazyString] = {
    "wrong_password": _("Name and password do not belong together."),
    "rate_limited": _("Too many tries; wait a moment before the next one."),
    "login_required": _("Your session has ended; sign in again."),
    "not_an_operator": _(
        "This account may not use the console. Whoever runs the gateway adds it to CONSOLE_ADMINS, as channel:subject:role."
    ),
    "role_too_low": _(
        "Your role may look at this page, but may not do that. An admin can give you another role."
    ),
    "csrf": _("This form is no longer good; open the page again and repeat what you did."),
    "cross_site": _("This form was sent from another address than PUBLIC_BASE_URL; open the console there."),
    "name_taken": _("This name is taken."),
    "bad_name": _("A name has 1 to 64 letters, digits and . _ @ - and begins with a letter or digit."),
    "bad_password": _(
        "A password has 12 to 256 characters, at least 6 different ones, and does not hold the name of the person."
    ),
    "bad_role": _("There is no such role."),
    "unknown_console_person": _("There is no such person."),
    "unknown_session": _("This session has ended already."),
    "too_many_views": _("There is no place for more saved views of this page; remove one first."),
    "bad_view": _("Give the view a name of 64 characters at most."),
    "body_too_large": _("The form is too large."),
    "unknown_message": _("There is no message with this id."),
    "message_not_ended": _("The message is still being sent; stop it first, or wait."),
    "message_ended": _("The message has ended; there is nothing to stop."),
    "nothing_to_resend": _("Nothing of this message failed."),
    "body_pruned": _("What it held is gone: bodies are kept for RETENTION_BODY_DAYS."),
    "unknown_notification": _("There is no notification of this name in the channels file."),
    "unknown_event": _("There is no event with this id."),
    "unknown_bindcode": _("There is no such bind code."),
    "unknown_openid": _("This app has no such OpenID."),
    "bad_ttl": _("The time must be a whole number of seconds that a code may live."),
    "bad_cursor": _("This page is no longer there; begin with the newest."),
    "unknown_person": _("There is no such person."),
    "unknown_identity": _("This person has no such account."),
    "not_banned": _("This address is not kept out (any more)."),
    "unknown_channel": _("There is no such channel in the channels file."),
    "bad_reason": _("Say why, in 1 to 500 characters; it is kept in the audit."),
    "configuration_at_fault": _("The files cannot be used, so what runs goes on; the faults are below."),
    "cannot_reload": _(
        "This gateway is not run by flask serve, so it cannot replace itself; restart the server that runs it."
    ),
    "store_unavailable": _("The database cannot be reached at the moment; try again."),
    **TRAFFIC_ERRORS,
}
"""The errors that operators meet."""

DONE: Mapping[str, LazyString] = {
    "person_added": _("The person may sign in now."),
    "person_removed": _("The person is removed, and their sessions have ended."),
    "role_changed": _("The role is changed."),
    "password_changed": _("The password is changed; other sessions of this person have ended."),
    "session_ended": _("The session has ended."),
    "person_sessions_ended": _("All sessions of this person have ended."),
    "other_sessions_ended": _("All your other sessions have ended."),
    "message_resent": _("What failed is sent again."),
    "message_stopped": _("No more of this message is sent; who was reached stays reached."),
    "openid_removed": _("The entry is removed from the index."),
    "person_disabled": _(
        "The person may log in no more; their sessions have ended and their tokens are gone."
    ),
    "person_enabled": _("The person may log in again."),
    "identity_removed": _("The account is taken away, with its tokens and sessions."),
    "token_refreshed": _("There is a fresh token."),
    "api_token_revoked": _("The token has ended, and the relay tokens that it got with it."),
    "ban_lifted": _("The address is let in again, in every process within three seconds."),
    "channel_disabled": _("The channel is switched off, in every process within three seconds."),
    "channel_enabled": _("The channel is switched on, in every process within three seconds."),
    "reload_asked_for": _(
        "Every serving process is replaced, beginning within three seconds. What is refused stands in its log."
    ),
    "view_saved": _("The view is saved."),
    "view_removed": _("The view is removed."),
    **TRAFFIC_DONE,
}
"""What was done, by the word behind `?done=`; an unknown word says nothing."""


def explain(error: CallgateError) -> str:
    """Return what an error means, in the reader's language where the word is known, else the error's own sentence."""
    known = ERRORS.get(error.code)
    return error.message if known is None else str(known)


def what_was_done(word: str) -> str | None:
    """Return what was done, in the reader's language."""
    known = DONE.get(word)
    return None if known is None else str(known)
