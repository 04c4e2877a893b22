"""What the READMEs say is so."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from target_klaviyo.target import TargetKlaviyo

ROOT = Path(__file__).parents[2]
ENGLISH, SPANISH = ROOT / "README.md", ROOT / "README.es.md"
# Registries and mirrors, and paths of one machine; spelt so that this file does not hold them.
FORBIDDEN = re.compile(
    "|".join(
        (
            *(
                r"py" + r"pi\.(?:org|python)",
                r"pythonhosted" + r"\.org",
                r"npm" + r"js\.(?:org|com)",
            ),
            *(
                r"index" + r"-url",
                r"/ro" + r"ot/",
                r"/ho" + r"me/\w",
                r"/Us" + r"ers/\w",
                r"/wo" + r"rk/",
            ),
        )
    )
)
ALLOWED = {"Makefile", "requirements.lock"}  # these look for them too


def _tracked() -> list[Path]:
    told = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in told.stdout.split("\0") if name and (ROOT / name).is_file()]


def _code() -> str:
    packages = [each.parent for each in ROOT.glob("*/pyproject.toml")]
    files = (file for package in packages for file in package.glob("*/**/*.py"))
    # Joins a text that is written over several lines, as Python does.
    return re.sub(r'"\s*\n\s*f?"', "", "".join(file.read_text(encoding="utf-8") for file in files))


def _messages(readme: Path) -> list[str]:
    """What stands in the first column of the table of messages, as far as it is literal."""
    text = readme.read_text(encoding="utf-8")
    part = re.search(r"^\| (?:Message|Lo que ves) .*\n\|.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert part
    return [
        quoted
        for row in part[1].splitlines()
        for quoted in re.findall(r"`([^`]+)`", row.split(" | ")[0])
    ]


def test_no_tracked_file_names_a_registry_or_a_machine() -> None:
    """Whoever clones this installs from whatever index the own client is set to."""
    found = []
    for file in _tracked():
        if file.name in ALLOWED or file.suffix in {".gz", ".png"}:
            continue
        text = file.read_text(encoding="utf-8")
        found += [f"{file.relative_to(ROOT)}: {match[0]}" for match in FORBIDDEN.finditer(text)]
    assert not found


def test_the_lock_holds_hashes_and_no_address() -> None:
    """The lock works behind any mirror."""
    for name in ("requirements.lock", "constraints.txt"):
        assert "://" not in (ROOT / name).read_text()
    assert "--hash=sha256:" in (ROOT / "requirements.lock").read_text()


@pytest.mark.parametrize("document", ["README.md", "README.es.md", "CONTRIBUTING.md"])
def test_every_make_command_told_exists(document: str) -> None:
    """A reader can type what is written."""
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    told = set(re.findall(r"(?:^|`)make ([a-z]+)", (ROOT / document).read_text(), re.MULTILINE))
    assert told
    assert told <= targets


@pytest.mark.parametrize("readme", [ENGLISH, SPANISH], ids=lambda path: path.name)
def test_every_folder_has_its_reason(readme: Path) -> None:
    """Nobody has to guess what a folder is for."""
    folders = {file.relative_to(ROOT).parts[0] for file in _tracked() if file.parent != ROOT}
    text = readme.read_text(encoding="utf-8")
    assert [name for name in sorted(folders) if f"`{name}/`" not in text] == []


@pytest.mark.parametrize("readme", [ENGLISH, SPANISH], ids=lambda path: path.name)
def test_quoted_messages_are_the_programs_own(readme: Path) -> None:
    """Whoever searches for a message that was printed finds it."""
    code = _code()
    messages = _messages(readme)
    assert messages
    assert [each for each in messages if each not in code] == []


@pytest.mark.parametrize("readme", [ENGLISH, SPANISH], ids=lambda path: path.name)
def test_links_lead_somewhere(readme: Path) -> None:
    """Files and headings that are linked exist."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", readme.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_the_scopes_told_are_those_that_the_key_needs() -> None:
    """A key made by the README works."""
    asked = TargetKlaviyo.config_jsonschema["properties"]["api_key"]["description"]
    scopes = set(re.findall(r"[a-z]+:(?:read|write)", asked))
    for name in ("README.md", ".env.example"):
        assert scopes <= set(re.findall(r"[a-z]+:(?:read|write)", (ROOT / name).read_text()))


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    """Changes are told as they are made."""
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()


def test_every_package_is_made_by_make() -> None:
    """A new package is installed, checked and told in `make`."""
    listed = re.search(r"^PACKAGES := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed
    assert set(listed[1].split()) == {each.parent.name for each in ROOT.glob("*/pyproject.toml")}
