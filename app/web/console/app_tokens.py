"""App tokens: how each is doing, when it is renewed, fetching a new one now; accounts that authorise a channel. Never a value."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, url_for

from app.core.accounts import AccountSource
from app.pipeline.operators.accounts import accounts_view
from app.pipeline.operators.bindings import tokens_view
from app.pipeline.services import Services
from app.pipeline.tokens.account_tokens import refresh_account_token
from app.pipeline.tokens.app_tokens import refresh_app_token
from app.pipeline.tokens.authorisation_links import make_link
from app.web.console.forms import field
from app.web.people.login_errors import see_other

LONGEST_NAME = 64


def add_app_tokens(blueprint: Blueprint, services: Services) -> None:
    """Add the list, the accounts of one channel, and the buttons."""

    @blueprint.get("/app-tokens")
    def app_tokens() -> Response:
        """Show how every app token is doing."""
        page = render_template(
            "console/app_tokens.html",
            items=tokens_view(services),
            with_accounts=[
                each.name for each in services.channels if each.as_capability(AccountSource) is not None
            ],
        )
        return make_response(page)

    @blueprint.post("/app-tokens/<channel>/refresh")
    def refresh_token(channel: str) -> Response:
        """Fetch a new app token now."""
        refresh_app_token(services, channel[:LONGEST_NAME])
        return see_other(url_for("console.app_tokens", done="token_refreshed"))

    _add_accounts(blueprint, services)


def _add_accounts(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/app-tokens/<channel>/accounts")
    def accounts(channel: str) -> Response:
        """Show the accounts that authorise a channel, or did so."""
        items = accounts_view(services, channel[:LONGEST_NAME])
        return make_response(
            render_template("console/accounts.html", channel=channel, items=items, link=None)
        )

    @blueprint.post("/app-tokens/<channel>/accounts")
    def make_account_link(channel: str) -> Response:
        """Make a link for the owner of an account and show it."""
        link = make_link(services, channel[:LONGEST_NAME])
        items = accounts_view(services, channel[:LONGEST_NAME])
        return make_response(
            render_template("console/accounts.html", channel=channel, items=items, link=link)
        )

    @blueprint.post("/app-tokens/<channel>/accounts/refresh")
    def refresh_account(channel: str) -> Response:
        """Fetch a new token of one account now."""
        refresh_account_token(services, channel[:LONGEST_NAME], field("account")[:191])
        return see_other(url_for("console.accounts", channel=channel, done="token_refreshed"))
