"""Every error the gateway raises on purpose, and the words clients may rely on.

CallgateError                      code, message, http_status, retry_after
├── ConfigurationError             start-up: every fault found, not only the first
├── RequestError                   the caller must change something (4xx)
│   ├── VerificationError          401 the sender is not proven (reason is counted)
│   ├── PayloadError               400 proven, but the body cannot be understood
│   ├── RefusedError               403, 404, 409, 413, 414, 429 …: a rule says no
│   │   └── UnderPressure          503 more waits than the gateway may let wait: come again later
│   └── LoginError                 400 a login that cannot be finished; start again
├── StoreUnavailable               503 nothing was stored; the platform's retry will succeed
├── UpstreamError                  502, 504 a platform answered badly or not at all
│   ├── UpstreamUnavailable        may be tried again (network, 5xx, busy)
│   ├── TokenRejected              the token is not (or no longer) good: refresh once
│   └── GrantRejected              the grant is dead: a person must log in again
├── Postponed                      raised by handlers: not now; no attempt is used up
└── PermanentError                 raised by handlers: straight to the dead letters

Only web/errors.py turns these into HTTP. No message ever holds a secret, a signature, a code or a token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime


class CallgateError(Exception):
    """Root of everything raised on purpose."""

    http_status = 500

    def __init__(
        self, code: str, message: str, *, http_status: int | None = None, retry_after: int | None = None
    ):
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after
        if http_status is not None:
            self.http_status = http_status


class ConfigurationError(CallgateError):
    """The configuration cannot be used; `faults` lists every fault, a sentence each."""

    def __init__(self, faults: Sequence[str]):
        super().__init__("configuration", "; ".join(faults))
        self.faults = tuple(faults)


Detail = str | Callable[[], str]
"""A sentence for operators, or what makes it: finding out why is worth the time only where it will be read."""


class RequestError(CallgateError):
    """The caller has to change the request.

    `detail` says to operators what differed and what to look at; callers never see it.
    """

    http_status = 400

    def __init__(
        self,
        code: str,
        message: str,
        *,
        http_status: int | None = None,
        retry_after: int | None = None,
        detail: Detail = "",
    ):
        super().__init__(code, message, http_status=http_status, retry_after=retry_after)
        self.detail = detail

    def explain(self) -> str:
        """Return the sentence for operators, the public one where there is no other."""
        return (self.detail() if callable(self.detail) else self.detail) or self.message


class VerificationError(RequestError):
    """The request is not proven to come from the platform.

    `code` is the public word and `message` the sentence; `reason` is the short cause kept for operators,
    who see it with `detail` in the rejections list. Callers get one uniform answer whatever the reason. `is_counted` says
    that it counts against the caller's address.
    """

    http_status = 401
    is_counted = False

    def __init__(
        self,
        reason: str,
        detail: Detail = "",
        *,
        code: str = "bad_signature",
        message: str | None = None,
    ):
        super().__init__(
            code,
            message
            or "The request is not signed with this channel's secret; compare the secret in the platform's "
            "console with the one in the channel configuration.",
            detail=detail,
        )
        self.reason = reason


class PayloadError(RequestError):
    """The request is proven, but its body cannot be understood."""

    def __init__(self, reason: str, *, code: str = "bad_payload", message: str | None = None):
        super().__init__(code, message or "The body is not in the form this platform sends.")
        self.reason = reason


def unreadable_json(cause: ValueError) -> PayloadError:
    """Return the refusal of a body that is not one JSON object; `cause` says why and holds nothing of the body."""
    return PayloadError(
        "not_a_json_object", message=f"The body must be one JSON object, and this one is not: {cause}."
    )


class RefusedError(RequestError):
    """A rule of this gateway says no."""

    http_status = 403


class UnderPressure(RefusedError):
    """The gateway takes nothing new for a while; nothing was stored, and the same request will be taken later."""

    http_status = 503

    def __init__(self, limits: str, *, retry_after: int):
        sentence = f"The gateway has more to do than it may ({limits}) and takes nothing new for now; send the request again."
        super().__init__("under_pressure", sentence, retry_after=retry_after)


class LoginError(RequestError):
    """A login cannot be finished."""


class StoreUnavailable(CallgateError):
    """The store cannot take the event now; nothing was stored."""

    http_status = 503

    def __init__(self, message: str = "The event store cannot be reached; send the request again."):
        super().__init__("store_unavailable", message, retry_after=5)


class UpstreamError(CallgateError):
    """A platform answered in a way that cannot be used.

    `platform_code` is the platform's own error number or word, safe to show to operators; `hint` is a word for what is to be
    done, where the platform is described by data (app/wire/logins/hints.py).
    """

    http_status = 502
    hint: str | None = None
    egress_address: str | None = None
    """Where the platform takes no calls from our address: the one that it saw, empty where it names none."""

    def __init__(
        self, code: str, message: str, *, platform_code: str | None = None, http_status: int | None = None
    ):
        super().__init__(code, message, http_status=http_status)
        self.platform_code = platform_code


class UpstreamUnavailable(UpstreamError):
    """The platform could not be reached or said it is busy; the call may be repeated later.

    `was_sent` is False where the platform for sure did not carry the call out: no connection, or its word that it is
    busy. True where nobody knows.
    """

    def __init__(
        self,
        message: str,
        *,
        platform_code: str | None = None,
        retry_after: int | None = None,
        was_sent: bool = True,
    ):
        super().__init__("upstream_unavailable", message, platform_code=platform_code)
        self.retry_after = retry_after
        self.was_sent = was_sent


class TokenRejected(UpstreamError):
    """The platform says the token is invalid or expired."""

    http_status = 401

    def __init__(
        self, message: str = "The platform no longer accepts the token.", *, platform_code: str | None = None
    ):
        super().__init__("token_rejected", message, platform_code=platform_code)


class GrantRejected(UpstreamError):
    """The platform says the code or refresh token is dead; only a new login helps."""

    http_status = 401

    def __init__(
        self,
        message: str = "The login has ended on the platform; log in again.",
        *,
        platform_code: str | None = None,
    ):
        super().__init__("login_required", message, platform_code=platform_code)


class Postponed(CallgateError):
    """Raised by a handler before it did anything: try again at `until` (UTC unless it says otherwise).

    The attempt does not count. An `until` that is no time is the handler's own failure, raised where it is written.
    """

    def __init__(self, message: str, *, until: datetime):
        super().__init__("postponed", message)
        self.until = until.replace(tzinfo=UTC) if until.tzinfo is None else until.astimezone(UTC)


class PermanentError(CallgateError):
    """Raised by a handler: trying again cannot help, so the dispatch becomes a dead letter at once."""

    def __init__(self, message: str):
        super().__init__("permanent", message)
