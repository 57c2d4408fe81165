"""Described logins in files: one TOML file per provider, named like its slug; read when somebody asks for it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from app.config.channels import fault_sentences
from app.core.errors import ConfigurationError
from app.wire.logins.faults import with_what_is_allowed
from app.wire.logins.login import Login

MOST_BYTES = 100_000
MOST_NAMED = 5


def read_login(text: str, *, file: str) -> Login:
    """Read the text of one file; raises ConfigurationError with every key at fault."""
    try:
        login = Login.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{file}: {error}."]) from None
    except ValidationError as error:
        told = fault_sentences(with_what_is_allowed(error, Login))
        raise ConfigurationError([f"{file}: {sentence}" for sentence in told]) from None
    if f"{login.slug}.toml" != Path(file).name:
        raise ConfigurationError(
            [f"{file}: slug is {login.slug}, so the file must be called {login.slug}.toml."]
        )
    return login


class LoginCatalogue(Mapping[str, Login]):
    """The logins of one folder by slug; each file is read once, when it is asked for. `_` means the same as `-`."""

    def __init__(self, folder: Path):
        self._files = {path.stem: path for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem)}
        self._read: dict[str, Login] = {}

    def __getitem__(self, slug: str) -> Login:
        if slug not in self._read:
            path = self._files[slug]
            raw = path.read_bytes()[: MOST_BYTES + 1]
            if len(raw) > MOST_BYTES:
                raise ConfigurationError([f"{path.name}: larger than {MOST_BYTES} bytes."])
            self._read[slug] = read_login(raw.decode("utf-8"), file=path.name)
        return self._read[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def find(self, name: str) -> Login | None:
        """Return the login of a slug or one of its other names, None when there is none."""
        slug = name.strip().lower().replace("_", "-")
        if slug in self._files:
            return self[slug]
        return next((login for login in self.values() if slug in login.aliases), None)

    def alike(self, name: str) -> list[str]:
        """Return slugs that are spelled much like a name."""
        return get_close_matches(name.lower().replace("_", "-"), self._files, n=MOST_NAMED, cutoff=0.5)
