"""The words of a login's description; read by pydantic, nothing is compiled here.

`docs/logins.md` explains each. A *template* is text with `{name}` in it; a *value* is a place such as `user.id` (others after `|`),
or a template when it has braces. A name without a dot is a key of the channel or belongs to this login (`code`, `access_token` …);
one with a dot begins with the call that answered it (`token.uid`, `user.id`, `claims.sub`, `return.user`, a step's name).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.wire.key_sets import ALGORITHMS
from app.wire.logins.hints import HINTS

Text = Annotated[str, Field(max_length=2000)]
Value = Annotated[str, Field(max_length=500)]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Method = Literal["GET", "POST"]
Place = Literal["query", "form", "json"]
Params = dict[str, Text]
FaultClass = Literal["grant_rejected", "token_rejected", "unavailable", "config"]
FAULT_CLASSES: tuple[str, ...] = get_args(FaultClass)
OWN_CALLS = ("token", "refresh", "user", "email", "app_token", "revoke", "validate", "return")
"""Calls that every description may have; a step's name is none of them. `return` is what the browser brings back."""


def _texts(value: object) -> object:
    """Let numbers and booleans stand for their texts, and one for a list of one: answers mix them too."""
    listed = value if isinstance(value, list | tuple) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in listed]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[Text, ...], BeforeValidator(_texts)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_listed)]


class Part(BaseModel):
    """What every table of a description has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Setting(Part):
    """A key of a channel with this login."""

    label: Text = Field("", description="What it is called in the console, and where it stands.")
    label_zh: Text = Field("", description="The same in Chinese.")
    secret: bool = Field(False, description="true: it is never shown.")
    pattern: Text = Field("", description="Pattern that the whole value must fit.")
    default: str | None = Field(
        None, max_length=500, description="Value where a channel has none; without it the key is needed."
    )
    listed: bool = Field(False, description="true: a list of texts.")


class Condition(Part):
    """A question about an answer; all that is written must hold."""

    where: Value = Field("", description="Where to look: a path in the body, or header:NAME; others after |.")
    values: Texts = Field((), alias="is", description="Texts or numbers, one of which it must be.")
    others: Texts = Field(
        (), alias="is_not", description="Texts or numbers; it must be there and none of them."
    )
    contains: Texts = Field((), description="Texts, one of which must stand in it, in upper or lower case.")
    exists: bool | None = Field(None, description="true: it is there and not empty, null, false or 0.")

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.values or self.others or self.contains or self.exists is not None):
            raise ValueError("must hold is, is_not, contains or exists")
        return self


class Meaning(Part):
    """What a refusal means: the first whose questions hold decides. Without `where` they are about the code."""

    at: Names = Field((), description="Calls it is about; empty: all of them.")
    status: tuple[int, ...] = Field((), description="HTTP statuses, one of which it must be.")
    where: Value = Field("", description="As in a condition; empty: the refusal's code.")
    values: Texts = Field((), alias="is", description="As in a condition.")
    contains: Texts = Field((), description="As in a condition.")
    exists: bool | None = Field(None, description="As in a condition.")
    means: Text = Field(
        description="grant_rejected, token_rejected, unavailable or config, with a hint after a slash."
    )

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        kind, _, hint = self.means.partition("/")
        if kind not in FAULT_CLASSES or (hint and hint not in HINTS):
            raise ValueError(
                f"means must be one of {', '.join(FAULT_CLASSES)}, and after a slash one of {', '.join(HINTS)}"
            )
        return self


class Page(Part):
    """A login page, to which browsers are sent."""

    url: Text = Field("", description="Template of its address; empty: the server's discovery names it.")
    params: Params = Field(
        default_factory=dict,
        description="All parameters in their order, each a template; empty: the usual ones.",
    )
    rename: Params = Field(default_factory=dict, description="Other names for usual parameters.")
    more: Params = Field(default_factory=dict, description="Parameters beside the usual ones.")
    fragment: Text = Field("", description="What follows # in the address.")


class InApp(Page):
    """A page for the browser inside the platform's own app."""

    user_agents: Names = Field(
        min_length=1, description="Parts of the User-Agent by which that browser is known."
    )


class Authorize(Page):
    """How a login begins and what comes back."""

    kind: Literal["page", "direct"] = Field(
        "page", description="direct: a program of the platform's own gets the code and posts it to us."
    )
    in_app: InApp | None = Field(None, description="Another page inside the platform's app.")
    response_mode: Literal["query", "form_post"] = Field(
        "query", description="form_post: the return comes as a POST."
    )
    code_params: Names = Field(("code",), min_length=1, description="Names under which the code comes back.")
    return_params: Names = Field((), description="Other parameters of the return that are used.")


class Call(Part):
    """One request, and how its answer is read."""

    method: Method = Field("GET", description="Its HTTP method.")
    url: Text = Field("", description="Template of its address; empty: discovery, or the token's address.")
    place: Place = Field("query", description="Where its parameters go.")
    params: Params = Field(default_factory=dict, description="Its parameters, each a template.")
    query: Params = Field(
        default_factory=dict, description="Parameters in the address, beside form or JSON ones."
    )
    headers: Params = Field(default_factory=dict, description="Its headers, each a template.")
    signing: Literal["", "jd-md5", "alipay-rsa2"] = Field(
        "", description="Named piece of code that signs its parameters."
    )
    parse: Names = Field(
        ("json",),
        min_length=1,
        description="Forms of the answer, tried in order: prefix:TEXT, jsonp, json, typed-json, form, anything.",
    )
    unwrap: Value = Field(
        "", description="Path of the object that holds the fields, where it is not the whole."
    )


class TokenCall(Call):
    """The call that redeems a code, and the fields of its answer."""

    method: Method = "POST"
    place: Place = "form"
    auth: Literal["body", "basic", "none"] = Field(
        "body", description="How the application proves itself; body: among the usual parameters."
    )
    rename: Params = Field(default_factory=dict, description="Other names for usual parameters.")
    more: Params = Field(default_factory=dict, description="Parameters beside the usual ones.")
    access_token: Value = Field("access_token", description="Path of the token; empty: people get none.")
    refresh_token: Value = Field("refresh_token", description="Path of the refresh token.")
    expires: Value = Field("expires_in", description="Path of its end.")
    expires_kind: Literal["seconds", "epoch", "epoch_ms"] = Field("seconds", description="How that is told.")
    expires_default: int | None = Field(None, gt=0, description="Seconds it lives where nothing is said.")
    refresh_expires: Value = Field(
        "refresh_expires_in|refresh_token_expires_in", description="Path of the refresh token's seconds."
    )


class RefreshCall(TokenCall):
    """The call that trades a refresh token; what it does not name is as for the code."""

    params: Params = Field(default_factory=dict, description="All its parameters; empty: the usual ones.")


class Step(Call):
    """A call before the one that says who it is; later templates may use its answer under its name."""

    name: Word = Field(description="Name of its answer.")
    when: Value = Field("", description="Value that must be there, else it is left out.")

    @model_validator(mode="after")
    def _has_a_name_of_its_own(self) -> Self:
        if self.name in (*OWN_CALLS, "claims", "setting"):
            raise ValueError(f"name must not be {self.name}")
        return self


class AppTokenCall(Call):
    """The call that fetches the application's own token, which the login needs; one for all, kept and renewed."""

    access_token: Value = Field("access_token", description="Path of the token.")
    expires: Value = Field("expires_in", description="Path of its seconds.")


class EmailStep(Call):
    """A call that lists mail addresses; when it fails there is no address, and the login goes on."""

    list_at: Value = Field(
        "", alias="list", description="Path of the list; empty: the answer's member `list`."
    )
    needs: dict[str, bool] = Field(
        default_factory=dict, description="Fields of an entry that must be as written."
    )
    pick: Value = Field("email", description="Path of the address within an entry.")


class ValidateCall(Call):
    """The call that asks whether a token is still good, for providers that want it asked while the token is in use."""

    every: int = Field(
        3600, ge=60, le=604_800, description="Seconds after which a token is asked about again."
    )


class RevokeCall(Call):
    """The call that ends tokens; without params both tokens in turn, as RFC 7009 has it."""

    method: Method = "POST"
    place: Place = "form"
    auth: Literal["body", "basic", "none"] = Field("body", description="As for the token.")
    parse: Names = ("json", "anything")


class Subject(Part):
    """One kind of id by which a person is known."""

    kind: Word = Field(description="Kind of the id, kept beside it: ids of two kinds are never mixed.")
    at: Value = Field(description="Value of the id.")


class Who(Part):
    """Who it is."""

    subjects: tuple[Subject, ...] = Field(
        min_length=1, max_length=4, description="Kinds of ids; the first that is there counts."
    )
    within: Value = Field(
        "", description="Template of what the id is unique in; empty: the slug and client_id, or the issuer."
    )
    union_id: Value = Field("", description="Value of the id that all applications of one developer share.")
    tenant: Value = Field("", description="Value of the organisation.")
    name: Value = Field("", description="Value of the name that is shown.")
    avatar: Value = Field("", description="Value of the picture's address.")
    email: Value = Field("", description="Value of the mail address.")
    email_verified: Value = Field("", description="Value of whether the address was proven.")
    anonymous: Value = Field(
        "", description="Value that says, when it is true, that this is nobody's account."
    )
    must_be: tuple[Condition, ...] = Field(
        (), description="Conditions on values; who does not meet them is refused (no_subject says how)."
    )
    audience: Value = Field("", description="Value that must be client_id: whose token it is.")
    url_decode: Names = Field((), description="Fields of this table that come percent-encoded.")
    no_subject: Text = Field("", description="What a missing id means, such as config/not_a_member.")


class IdTokenRules(Part):
    """How the ID token is checked."""

    issuer: Text = Field(
        description="Template of its issuer; {tid} stands for the claim of that name, which tenants bounds."
    )
    discovery: Text = Field(
        "", description="Template of the discovery document's address; empty: the usual one below the issuer."
    )
    algorithms: Names = Field(("RS256",), min_length=1, description="Algorithms that are taken.")
    nonce: Literal["required", "if_present", "none"] = Field(
        "required", description="Whether the token must repeat the login's nonce."
    )
    same_subject: Value = Field(
        "", description="Path in the user's answer that must equal sub; empty: not compared."
    )
    tenants: Value = Field("", description="Key of the channel that lists the tenants that may log in.")

    @model_validator(mode="after")
    def _algorithms_are_known(self) -> Self:
        if unknown := set(self.algorithms) - {*ALGORITHMS, "HS256"}:
            raise ValueError(
                f"algorithms: {', '.join(sorted(unknown))} is not known; known are {', '.join(ALGORITHMS)} and HS256"
            )
        if "HS256" in self.algorithms and len(self.algorithms) > 1:
            raise ValueError("algorithms: HS256 goes with no other one, or a public key could be the secret")
        return self


class AnswerProof(Part):
    """How the provider signs its answers."""

    kind: Literal["alipay-rsa2"] = Field(description="Named piece of code that proves them.")
    key: Word = Field(
        description="Key of the channel that holds the provider's public key; while it is empty TLS is all that proves an answer."
    )


class MadeSecret(Part):
    """A client secret that is made for each call: a signed token (Apple; private_key_jwt)."""

    algorithm: Literal["ES256", "RS256"] = Field("ES256", description="Its algorithm.")
    key: Word = Field("private_key", description="Key of the channel that holds the private key, PEM.")
    headers: Params = Field(default_factory=dict, description="More headers, each a template.")
    claims: Params = Field(description="Its claims, each a template; iat and exp are added.")
    seconds: int = Field(300, ge=30, le=15_777_000, description="How long it is good.")
