"""Takes over own files from where they were up to version 0.1: a tracked channels.toml, and handlers in app/handlers/.

Run it in the checkout, before the pull that brings the new version, after it, or in the middle of the conflict:

    git fetch && git show origin/main:app/cli/take_over.py | python3 -

Before the pull it copies what you edited into var/take-over/ and restores the tracked files, so that the pull goes
through. After it (`make upgrade` runs it) your files move to CALLGATE_HOME or the checkout: channels.toml, handlers/.
Nothing that exists is written over. It needs git and Python alone, because the code around it may be of either version.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

CHANNELS = "channels.toml"
EXAMPLE = "channels.example.toml"
OLD_HANDLERS = "app/handlers"
EXAMPLE_HANDLERS = "examples/handlers"
KEPT = "var/take-over"
KEEPS_NAMES = """

# Routes to functions of this file keep the names under which they are stored. Take the line out when nothing waits any more.
ROUTE_PREFIX = "{prefix}"
"""
OLD_IMPORT = re.compile(r"""(?<!["'])\bapp\.handlers\.(?=[a-z_]\w*\b)""")
OLD_SETTING = re.compile(r"^HANDLERS=.*\bapp\.handlers", re.MULTILINE)


class Sides(NamedTuple):
    """Which commit is the product's and which one holds the user's edits.

    `next` finishes an operation that is under way; both sides then hold every file in one piece.
    """

    product: str
    mine: str | None
    next: str = ""


class Checkout:
    """A git checkout, asked through git."""

    def __init__(self, folder: Path):
        self.top = folder
        self.home = Path(os.environ.get("CALLGATE_HOME", "").strip() or folder).resolve()  # noqa: TID251 - runs alone
        self.kept = folder / KEPT

    def git(self, *words: str) -> bytes | None:
        """Return what git prints, None when it fails."""
        done = subprocess.run(["git", *words], cwd=self.top, capture_output=True, check=False)  # noqa: S607
        return done.stdout if done.returncode == 0 else None

    def lines(self, *words: str) -> list[str]:
        """Return the lines that git prints, none when it fails."""
        return (self.git("-c", "core.quotePath=false", *words) or b"").decode().splitlines()

    def has(self, commit: str) -> bool:
        """Say whether there is such a commit."""
        return self.git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is not None

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file as a commit has it."""
        return self.git("show", f"{commit}:{path}")

    def edited_in(self, commit: str, product: str) -> list[str]:
        """Return the handler modules that a commit has and the product never had like that."""
        base = self.lines("merge-base", commit, product)
        if not base:
            return []
        return self.lines(
            "diff", "--name-only", "--no-renames", "--diff-filter=AM", base[0], commit, "--", OLD_HANDLERS
        )

    def sides(self) -> Sides:
        """Tell a merge, a rebase and a stash that met a conflict from a checkout at rest."""
        if self.has("MERGE_HEAD"):
            return Sides("MERGE_HEAD", "HEAD", "git commit --no-edit")
        onto = self._git_folder() / "rebase-merge" / "onto"
        if onto.is_file():
            return Sides(onto.read_text().strip(), "ORIG_HEAD", "GIT_EDITOR=true git rebase --continue")
        if self.lines("ls-files", "--unmerged") and self.has("stash@{0}"):
            return Sides("HEAD", "stash@{0}", "git stash drop")
        for before in ("ORIG_HEAD", "HEAD^1"):
            if self.read(before, CHANNELS) is not None and self.read(before, EXAMPLE) is None:
                return Sides(self._product_at_rest(), before)
        return Sides("HEAD", None)

    def _git_folder(self) -> Path:
        return Path((self.git("rev-parse", "--absolute-git-dir") or b"").decode().strip())

    def _product_at_rest(self) -> str:
        """Return the upstream that HEAD is built on, else HEAD itself."""
        is_below = self.git("merge-base", "--is-ancestor", "@{upstream}", "HEAD") is not None
        return "@{upstream}" if is_below and self.read("@{upstream}", EXAMPLE) is not None else "HEAD"


def say(word: str, what: object) -> None:
    """Print one line."""
    sys.stdout.write(f"{word:<9}{what}\n")


def main() -> int:
    """Look which version the checkout is at, and do what is due."""
    found = subprocess.run(
        ["git", "rev-parse", "--show-toplevel"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        say("nothing", "this is no git checkout, so nothing of yours is tracked")
        return 0
    checkout = Checkout(Path(found.stdout.strip()))
    is_old = checkout.read("HEAD", EXAMPLE) is None and checkout.read("HEAD", CHANNELS) is not None
    if is_old and not checkout.lines("ls-files", "--unmerged") and not checkout.has("MERGE_HEAD"):
        return before_the_pull(checkout)
    return after_the_pull(checkout)


def before_the_pull(checkout: Checkout) -> int:
    """Copy what the pull would trip over, and restore the tracked files.

    Handlers of your own that git does not track stay where they are: the gateway that runs may need them until it is
    replaced, and the pull leaves them alone.
    """
    changed = checkout.lines("diff", "--name-only", "--no-renames", "HEAD", "--", CHANNELS, OLD_HANDLERS)
    committed = checkout.edited_in("HEAD", "@{upstream}") if checkout.has("@{upstream}") else []
    for path in dict.fromkeys([CHANNELS, *changed, *committed]):
        if not keep_copy(checkout, path, is_edited=path in changed):
            return 1
    for path in changed:
        if checkout.read("HEAD", path) is None:
            checkout.git("reset", "--quiet", "--", path)
        elif (checkout.top / path).exists():
            checkout.git("checkout", "HEAD", "--", path)
            say("restored", path)
    say("next", "git pull && make upgrade   (do not restart the gateway in between)")
    return 0


def keep_copy(checkout: Checkout, path: str, *, is_edited: bool) -> bool:
    """Copy a file into var/take-over/; a second run finds the restored file and leaves the first copy alone."""
    source, target = checkout.top / path, checkout.kept / name_of(path)
    if not source.is_file():
        return True
    content = source.read_bytes()
    if target.exists():
        if is_edited and target.read_bytes() != content:
            say(
                "stopped",
                f"{path} was edited again after {target} was made; keep one of the two, then repeat",
            )
            return False
        return True
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    say("copied", f"{path} to {target}")
    return True


def name_of(path: str) -> str:
    """Return the place of a tracked file among the own files."""
    for folder in (OLD_HANDLERS, EXAMPLE_HANDLERS):
        if path.startswith(f"{folder}/"):
            return "handlers/" + path.removeprefix(f"{folder}/")
    return CHANNELS if path == EXAMPLE else path


def after_the_pull(checkout: Checkout) -> int:
    """Move everything of the user's to its place, then let the product's files be as the product has them."""
    sides = checkout.sides()
    take_kept(checkout)
    merged = [EXAMPLE, *edited_examples(checkout, sides)] if sides.mine else []
    taken = [path for path in merged if take_merged(checkout, path, sides)]
    take_channels(checkout, sides)
    for path in checkout.edited_in(sides.mine, sides.product) if sides.mine else []:
        place_handler(checkout, name_of(path), checkout.read(sides.mine or "", path))
    take_left_behind(checkout, sides)
    settle(checkout, sides, taken)
    tell_what_is_next(checkout, sides)
    return 0


def take_kept(checkout: Checkout) -> None:
    """Move what was copied before the pull; a copy that finds its place taken stays, unless it says the same."""
    for copy in sorted(path for path in checkout.kept.rglob("*") if path.is_file()):
        name = str(copy.relative_to(checkout.kept))
        place = place_handler if name.startswith("handlers/") else place_file
        if place(checkout, name, copy.read_bytes()):
            copy.unlink()
        else:
            say("kept", f"{copy}: there is another {checkout.home / name}; compare the two")


def edited_examples(checkout: Checkout, sides: Sides) -> list[str]:
    """Return the example handlers into which git, following the rename, has merged the user's edits."""
    return checkout.lines("diff", "--name-only", "--no-renames", sides.product, "--", EXAMPLE_HANDLERS)


def take_merged(checkout: Checkout, path: str, sides: Sides) -> bool:
    """Say whether a file of the product may be restored, because the user's edits in it are safe elsewhere.

    They are when a commit has them in one piece. Edits that only the file has are taken; without a free place they stay.
    """
    file = checkout.top / path
    if not file.is_file() or file.read_bytes() == checkout.read(sides.product, path):
        return False
    if sides.next or file.read_bytes() == checkout.read("HEAD", path):
        return True
    place = place_file if path == EXAMPLE else place_handler
    return place(checkout, name_of(path), file.read_bytes())


def take_channels(checkout: Checkout, sides: Sides) -> None:
    """Bring back the channels.toml that this checkout had: the user's commit's, else the last one that was tracked."""
    if (checkout.home / CHANNELS).exists():
        return
    last = checkout.lines("rev-list", "-1", "HEAD", "--", CHANNELS)
    commits = [sides.mine, *(f"{commit}^" for commit in last)]
    contents = (checkout.read(commit, CHANNELS) for commit in commits if commit is not None)
    place_file(checkout, CHANNELS, next((content for content in contents if content is not None), None))


def take_left_behind(checkout: Checkout, sides: Sides) -> None:
    """Move whatever lies in app/handlers/ and is not the product's; what the product once shipped is dropped."""
    product = set(checkout.lines("ls-tree", "-r", "--name-only", sides.product, "--", OLD_HANDLERS))
    for file in sorted((checkout.top / OLD_HANDLERS).rglob("*")):
        path = str(file.relative_to(checkout.top))
        if not file.is_file() or "__pycache__" in file.parts or path in product:
            continue
        if is_as_shipped(checkout, path, sides) or place_handler(checkout, name_of(path), file.read_bytes()):
            checkout.git("rm", "--cached", "--quiet", "--force", "--", path)
            file.unlink()
        else:
            say("kept", f"{path}: there is another {checkout.home / name_of(path)}; compare the two")


def is_as_shipped(checkout: Checkout, path: str, sides: Sides) -> bool:
    """Say whether a file that the product no longer has is as it last was, and so holds nothing of the user's."""
    deleted_by = checkout.lines("rev-list", "-1", sides.product, "--", path)
    return bool(deleted_by) and checkout.read(f"{deleted_by[0]}^", path) == (checkout.top / path).read_bytes()


def settle(checkout: Checkout, sides: Sides, taken: Iterable[str]) -> None:
    """Let the product's side win for the files this is about; what it no longer has is no longer tracked."""
    listed = checkout.lines("ls-files", "--unmerged", "--", CHANNELS, EXAMPLE, OLD_HANDLERS, EXAMPLE_HANDLERS)
    unmerged = [line.partition("\t")[2] for line in listed]
    tracked = checkout.lines("ls-files", "--cached", "--", CHANNELS)
    for path in dict.fromkeys([*taken, *unmerged, *tracked]):
        if checkout.read(sides.product, path) is not None:
            checkout.git("checkout", sides.product, "--", path)
            say("restored", path)
            continue
        checkout.git("rm", "--cached", "--quiet", "--force", "--", path)
        file = checkout.top / path
        is_in_place = file == checkout.home / path
        if (
            not is_in_place
            and file.is_file()
            and sides.mine
            and file.read_bytes() == checkout.read(sides.mine, path)
        ):
            file.unlink()


def place_handler(checkout: Checkout, name: str, content: bytes | None) -> bool:
    """Write a handler module: imports of its neighbours follow, and its routes keep their stored names."""
    if content is None or not name.endswith(".py"):
        return place_file(checkout, name, content)
    text = content.decode("utf-8", "surrogateescape")
    text = OLD_IMPORT.sub("handlers.", text)
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    is_inside_a_package = module.count(".") > 1
    if not is_inside_a_package and "ROUTE_PREFIX" not in text:
        text = text.rstrip("\n") + KEEPS_NAMES.format(prefix=f"app.{module}")
    return place_file(checkout, name, text.encode("utf-8", "surrogateescape"))


def place_file(checkout: Checkout, name: str, content: bytes | None) -> bool:
    """Write one of the own files unless there is one; say whether it has that content now."""
    if content is None:
        return False
    target = checkout.home / name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return target.read_bytes() == content
    say("took", f"{name} to {target}")
    return True


def tell_what_is_next(checkout: Checkout, sides: Sides) -> None:
    """Say what is left for a person: settings that name the old place, and git's own operation."""
    dotenv = checkout.home / ".env"
    text = dotenv.read_text(encoding="utf-8", errors="replace") if dotenv.is_file() else ""
    if OLD_SETTING.search(text):
        say(
            "look at",
            f"{dotenv}: take app.handlers… out of HANDLERS, the folder handlers/ is loaded by itself",
        )
    if sides.next:
        say("next", sides.next)
    elif sides.mine and checkout.lines("diff", "--cached", "--name-only"):
        say("next", "git commit --message 'Own files are no longer tracked'")


if __name__ == "__main__":
    sys.exit(main())
