"""`flask keys`: rotation of the session-signing key and of the vault key."""

from __future__ import annotations

import click

from app.cli.progress import Progress
from app.pipeline.login.session_keys import rotate_signing_key
from app.pipeline.services import Services
from app.pipeline.upkeep.key_rotation import rewrite_sealed
from app.security.vault import VaultError


def _rotate_issuer(services: Services) -> None:
    """Let the keys of ID and access tokens follow, where there are any."""
    if services.clients or services.settings.client_registration:
        # Loaded here: a gateway without clients needs none of it.
        from app.pipeline.issuer.keys import rotate_issuer_keys

        if rotate_issuer_keys(services, actor="terminal"):
            click.echo("ID and access tokens are signed with new keys too.")


def keys_group(services: Services) -> click.Group:
    """Return `flask keys`."""

    @click.group("keys")
    def group() -> None:
        """Signing and vault keys."""

    @group.command("rotate")
    @click.option("--signing/--no-signing", default=True, help="Make a new session-signing key.")
    @click.option("--vault/--no-vault", default=True, help="Seal everything anew with the first SECRET_KEY.")
    def rotate(signing: bool, vault: bool) -> None:
        """Make a new signing key, and seal stored tokens anew with the first entry of SECRET_KEY."""
        if signing:
            kid = rotate_signing_key(services, actor="terminal")
            click.echo(
                f"Sessions are now signed with key {kid}; the old key stays published until its tokens end."
            )
            _rotate_issuer(services)
        if vault:
            try:
                with Progress("Values sealed anew") as progress:
                    count = rewrite_sealed(services, progress)
            except VaultError as error:
                raise click.ClickException(error.message) from None
            click.echo(
                f"{count} sealed values were rewritten. Evidence of stored events is left as it is: keep the older entries of "
                f"SECRET_KEY until retention has emptied those events (RETENTION_BODY_DAYS, "
                f"{services.settings.retention_body_days} days); without them those events cannot be proven again."
            )

    return group
