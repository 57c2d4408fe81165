"""Apache with mod_auth_openidc as Debian packages them: a certified client in C, with its own sessions and back channel."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Self

import requests

PROGRAM, MODULES = Path("/usr/sbin/apache2"), Path("/usr/lib/apache2/modules")
NEEDED = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "dir", "alias")
MODULE = MODULES / "mod_auth_openidc.so"
START_SECONDS = 20
CONFIG = """
ServerRoot "{folder}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{folder}/apache.pid"
DefaultRuntimeDir "{folder}"
Mutex file:{folder}
ErrorLog "{folder}/error.log"
LogLevel warn auth_openidc:warn
DocumentRoot "{folder}/pages"
{modules}
{user}
ServerLimit 1
StartServers 1
ThreadsPerChild 8
MinSpareThreads 1
MaxSpareThreads 8
MaxRequestWorkers 8
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret {secret}
OIDCRedirectURI http://127.0.0.1:{port}/private/redirect
OIDCDefaultLoggedOutURL http://127.0.0.1:{port}/bye
OIDCCryptoPassphrase a-passphrase-of-a-test
OIDCScope "openid profile offline_access"
OIDCPKCEMethod S256
OIDCResponseMode {mode}
OIDCSessionType server-cache
OIDCCacheType shm
OIDCInfoHook iat access_token id_token userinfo refresh_token session
OIDCWhiteListedClaims sub name
<Location /private>
AuthType openid-connect
Require valid-user
</Location>
"""


class Apache:
    """A served folder whose pages below /private need a login; a context manager."""

    def __init__(self, folder: Path, *, port: int, issuer: str, secret: str, mode: str = "query"):
        self.folder, self.port = folder, port
        self.url = f"http://127.0.0.1:{port}"
        pages = folder / "pages" / "private"
        pages.mkdir(parents=True)
        (pages / "index.html").write_text("the private page", encoding="utf-8")
        (folder / "pages" / "bye").write_text("bye", encoding="utf-8")
        loaded = [f'LoadModule {name}_module "{MODULES}/mod_{name}.so"' for name in NEEDED]
        text = CONFIG.format(
            folder=folder,
            port=port,
            issuer=issuer,
            secret=secret,
            mode=mode,
            modules="\n".join(loaded),
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
        )
        self._config = folder / "apache.conf"
        self._config.write_text(text, encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for path in (self.folder, *self.folder.parents):
            if path.owner() == "root" and path != Path("/tmp"):
                path.chmod(path.stat().st_mode | 0o055)
        command = [str(PROGRAM), "-f", str(self._config), "-DFOREGROUND"]
        with (self.folder / "apache.out").open("ab") as out:
            self._process = subprocess.Popen(
                command, stdout=out, stderr=out, env={"PATH": os.environ["PATH"]}
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/bye", timeout=2).status_code == 200:
                    return self
            except requests.RequestException:
                time.sleep(0.05)
        raise AssertionError(f"Apache does not answer:\n{self.log()}")

    def log(self) -> str:
        """Return what it wrote."""
        files = [self.folder / "error.log", self.folder / "apache.out"]
        return "".join(each.read_text(errors="replace") for each in files if each.exists())[-4000:]

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
