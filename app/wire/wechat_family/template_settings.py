"""The keys of an account's usual template: what a message's title and text go into where they are not sent as customer service."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, model_validator

from app.config.platform_settings import FilledTexts, PlatformSettings

VALUE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
PLACES = ("{title}", "{text}")


class TemplateSettings(PlatformSettings):
    """A template and its values; without template_id, title and text go as a customer service message."""

    template_id: str = Field(
        "",
        max_length=100,
        description="Id of the template that title and text are sent in; without it they go as a customer service message.",
    )
    template_data: FilledTexts = Field(
        default_factory=dict,
        description='The template\'s values by their names, such as { thing1 = "{title}", thing2 = "{text}" }; what is too long for '
        "a value is cut.",
    )
    template_page: str = Field(
        "",
        max_length=1000,
        description="Where that message leads: an address for a service account, a page of the Mini Program for one.",
    )

    @model_validator(mode="after")
    def _template_is_whole(self) -> Self:
        if bool(self.template_id) != bool(self.template_data):
            raise ValueError("template_id and template_data belong together: set both, or leave both out")
        if not all(VALUE_NAME.fullmatch(name) for name in self.template_data):
            raise ValueError("template_data must have the names of the template's values, such as thing1")
        if self.template_data and not any(
            place in text for text in self.template_data.values() for place in PLACES
        ):
            raise ValueError("template_data must hold {title} or {text} somewhere")
        return self
