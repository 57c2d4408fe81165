"""`python -m docs_site [FOLDER]`: writes the site, English at its root and 简体中文 under zh-CN/."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docs_site.contents import LANGUAGES
from docs_site.settings import settings_of
from docs_site.tree import ROOT, write_tree

USUAL_PLACE = ROOT / "site"


def build(into: Path) -> None:
    """Write both languages; raises CalledProcessError when the generator finds a fault."""
    with tempfile.TemporaryDirectory() as work:
        for language in LANGUAGES:
            folder = Path(work) / language
            write_tree(language, folder / "docs")
            target = into if language == "en" else into / language
            (folder / "zensical.toml").write_text(settings_of(language), encoding="utf-8")
            command = [sys.executable, "-m", "zensical", "build", "--strict"]
            subprocess.run(command, cwd=folder, check=True)
            shutil.copytree(folder / "site", target, dirs_exist_ok=True)


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else USUAL_PLACE
    build(place.resolve())
    print(f"The site is in {place}; open {place / 'index.html'}.")
