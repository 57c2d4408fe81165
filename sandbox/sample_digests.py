"""`python -m sandbox.sample_digests`: tells the gateway which values everybody knows, without telling the values.

They are the simulator's own credentials, and what the example files, the samples of sources and the documentation print as a secret. The
gateway compares what it is configured with with their digests: nobody can run for real on a published secret. Only
that one file is written; what the gateway does with it is not this module's business.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sandbox.platforms import simulated_platforms

FILE = Path("app/config/sample_digests.py")
PRINTED_IN = (
    ".env.example", "channels.example.toml", "README*.md", "docs/*.md", "ops/**/*", "compose*.yaml",
    "app/platforms/sources/*.toml",
)  # fmt: skip
NAMED_SECRET = re.compile(
    r"""^[ #]*(?:export )?[A-Za-z_]*(?:secret|token|key|password)s? ?[=:] ?["']?([^\s"'`,;${}<>|()\[\]]{8,200})["']?""",
    re.IGNORECASE | re.MULTILINE,
)
WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{8,200}={0,2}")
PREFIX = "whsec_"
HEAD = '''"""SHA-256 of every value that the simulator, the example files or the documentation print. Written by `make example-files`."""

from __future__ import annotations

'''


def main() -> None:
    """Rewrites the file in the working directory."""
    before = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    after = digests_file(Path())
    if after != before:
        FILE.write_text(after, encoding="utf-8")
    print(f"{FILE}: {'written' if after != before else 'as it should be'}")


def digests_file(root: Path) -> str:
    """Returns the text of the file, from what the tree at `root` prints."""
    digests = sorted(hashlib.sha256(value.encode()).hexdigest() for value in sample_values(root))
    lines = "".join(f'        "{digest}",\n' for digest in digests)
    return f"{HEAD}SAMPLE_DIGESTS = frozenset(\n    {{\n{lines}    }}\n)\n"


def sample_values(root: Path) -> set[str]:
    """Returns every credential of the simulator and every secret that the tree at `root` prints."""
    printed = (value for text in _printed(root) for value in secrets_in(text))
    values = {*_credentials(), *printed}
    values |= {value.removeprefix(PREFIX) for value in values if value.startswith(PREFIX)}
    return values | {core for value in values for core in pem_cores(value)}


def pem_cores(value: str) -> Iterator[str]:
    """Yields the Base64 of every key or certificate in a PEM text, without line ends; lines can be broken in many ways."""
    _, *parts = value.replace("\\n", "\n").split("-----BEGIN ")
    for part in parts:
        yield "".join(part.partition("-----")[2].partition("-----END ")[0].split())


def secrets_in(text: str) -> Iterator[str]:
    """Yields what a text writes behind a name such as CRM_SECRET= or token: and every whsec_ secret."""
    for found in NAMED_SECRET.finditer(text):
        yield found[1]
    for found in WEBHOOK_SECRET.finditer(text):
        yield found[0]


def _credentials() -> Iterable[str]:
    """Returns the values that prove or name somebody; a choice such as `safe`, or a channel's name, does neither."""
    return (
        each.value
        for platform in simulated_platforms()
        for each in platform.credentials
        if not each.choices and each.value != platform.channel.name
    )


def _printed(root: Path) -> Iterator[str]:
    for pattern in PRINTED_IN:
        for path in filter(Path.is_file, sorted(root.glob(pattern))):
            yield path.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
