"""What the console says in the reader's language about errors, and about what was just done. Nothing else is worded here."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from app.core.errors import CallgateError
from app.web.console.traffic_words import traffic_done, traffic_errors


def explain(error: CallgateError) -> str:
    """Return what an error means, in the reader's language where the word is known, else the error's own sentence."""
    return error_words().get(error.code, error.message)


def error_words() -> Mapping[str, str]:
    """Return the errors that operators meet."""
    return {
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
        "cross_site": _(
            "This form was sent from another address than PUBLIC_BASE_URL; open the console there."
        ),
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
        "store_unavailable": _("The database cannot be reached at the moment; try again."),
        **traffic_errors(),
    }


def done_words() -> Mapping[str, str]:
    """Return what was done, by the word behind `?done=`; an unknown word says nothing."""
    return {
        "person_added": _("The person may sign in now."),
        "person_removed": _("The person is removed, and their sessions have ended."),
        "role_changed": _("The role is changed."),
        "password_changed": _("The password is changed; other sessions of this person have ended."),
        "session_ended": _("The session has ended."),
        "other_sessions_ended": _("All your other sessions have ended."),
        "view_saved": _("The view is saved."),
        "view_removed": _("The view is removed."),
        **traffic_done(),
    }
