"""One file of the catalogue of logins: everything that is known of one provider. Its tables are in `description`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from app.wire.logins.description import (
    OWN_CALLS,
    AnswerProof,
    AppTokenCall,
    Authorize,
    Call,
    Condition,
    EmailStep,
    IdTokenRules,
    MadeSecret,
    Meaning,
    Names,
    Part,
    RefreshCall,
    RevokeCall,
    Setting,
    Step,
    Subject,
    Text,
    TokenCall,
    ValidateCall,
    Value,
    Who,
    Word,
)

FAILS = (Condition(where="error", exists=True),)


def _with_subjects(said: object) -> object:
    """Let `subject` and `kind` stand for a list of one."""
    if not isinstance(said, dict) or "subject" not in said:
        return said
    rest = {name: value for name, value in said.items() if name not in ("subject", "kind")}
    return rest | {"subjects": [{"at": said["subject"], "kind": said.get("kind", "id")}]}


class Login(Part):
    """One provider."""

    slug: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="Its name; the file is called like it."
    )
    aliases: Names = Field((), description="Other names that mean the same.")
    name: str = Field(min_length=1, max_length=80, description="Name in English.")
    name_zh: str = Field(
        min_length=1, max_length=80, description="Name in Chinese, or the one everybody uses."
    )
    region: Literal["cn", "global"] = Field("global", description="cn: a Chinese platform.")
    console: Text = Field(description="The page where the return address is entered, and the way there.")
    facts: Text = Field(description="Where these facts come from.")
    read: str = Field(pattern=r"^\d{4}-\d\d-\d\d$", description="When they were read.")
    confidence: Literal["source", "unconfirmed"] = Field(description="unconfirmed: rests on no good source.")
    unconfirmed: Names = Field((), description="What rests on no source although the rest does.")
    note: Text = Field("", description="What an operator must know, in English.")
    note_zh: Text = Field("", description="The same in Chinese.")
    instead: str = Field(
        "", max_length=64, description="The platform with code that does more, if there is one."
    )
    hosts: Names = Field((), description="Hosts that its addresses are on; empty: an operator's own server.")
    settings: dict[Word, Setting] = Field(default_factory=dict, description="Keys of a channel.")
    scope: Text = Field("", description="Scopes asked for unless a channel names others, space between them.")
    scope_join: str = Field(" ", min_length=1, max_length=1, description="What stands between scopes.")
    pkce: Literal["none", "optional", "required"] = Field("none", description="Whether it takes PKCE (S256).")
    client_secret: MadeSecret | None = Field(None, description="How the secret is made, where it is.")
    proof: AnswerProof | None = Field(None, description="How its answers are signed, where they are.")
    authorize: Authorize = Field(default_factory=Authorize, description="The login page.")
    app_token: AppTokenCall | None = Field(None, description="The application's own token.")
    token: TokenCall = Field(default_factory=TokenCall, description="Redeeming a code.")
    refresh: RefreshCall | None = Field(None, description="Refreshing; none: the provider cannot.")
    steps: tuple[Step, ...] = Field((), max_length=4, description="Calls before the next one.")
    user: Call | None = Field(None, description="The call that says who it is.")
    email: EmailStep | None = Field(None, description="A call that lists mail addresses.")
    revoke: RevokeCall | None = Field(None, description="Ending tokens.")
    validate_call: ValidateCall | None = Field(
        None, alias="validate", description="Asking whether a token is still good."
    )
    id_token: IdTokenRules | None = Field(None, description="The ID token.")
    identity: Annotated[Who, BeforeValidator(_with_subjects)] = Field(description="Who it is.")
    code: Value = Field("error", description="Where a refusal's code stands, as in a condition.")
    fails: tuple[Condition, ...] = Field(
        FAILS, description="Answers that are refusals although their status is good."
    )
    errors: tuple[Meaning, ...] = Field((), max_length=60, description="What refusals mean.")
    samples: dict[str, Text] = Field(
        default_factory=dict, description="An answer to each call, for the simulator; the key is its name."
    )

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        names = [step.name for step in self.steps]
        known = {*OWN_CALLS, *names}
        if unknown := {name for rule in self.errors for name in rule.at} - known:
            raise ValueError(
                f"errors: at names {', '.join(sorted(unknown))}; calls are {', '.join(sorted(known))}"
            )
        if len(set(names)) != len(names):
            raise ValueError("steps: a name is taken twice")
        if not self.authorize.url and self.authorize.kind == "page" and not self.discovers:
            raise ValueError("authorize.url must be set where no discovery names it")
        if not self.token.url and not self.discovers:
            raise ValueError("token.url must be set where no discovery names it")
        if self.proof is not None and self.proof.key not in self.settings:
            raise ValueError(f"proof.key: settings has no {self.proof.key}")
        return self

    @property
    def discovers(self) -> bool:
        """Whether a server is asked for addresses or keys."""
        return self.id_token is not None and "HS256" not in self.id_token.algorithms

    @property
    def is_direct(self) -> bool:
        """Whether a program of the platform's own brings the code."""
        return self.authorize.kind == "direct"

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The kinds of ids."""
        return self.identity.subjects
