"""Build what the local AWS runs, once for each state of the sources."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.local_aws import PYTHON, ROOT, LocalAwsError

BUILDS = ROOT / ".local" / "builds"
SOURCES = ("template.yaml", "functions", "layers/shared")
KEPT_BUILDS = 3
SAM = Path(sys.executable).with_name("sam")


def build_for_this_machine(parameters: dict[str, str]) -> Path:
    """Return a folder with the built template and artefacts, new only if a source changed.

    The folder's name is the hash of all that goes in, because `sam deploy` takes a stale build
    without a word.
    """
    built = BUILDS / _digest(parameters)
    if not built.exists():
        unfinished = built.with_suffix(f".{os.getpid()}")
        try:
            _sam_build(unfinished, parameters)
            unfinished.rename(built)
        except OSError:
            if not built.exists():  # another process was faster
                raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    os.utime(built)
    _forget_old_builds()
    return built / "out"


def overrides(parameters: dict[str, str]) -> list[str]:
    """Return parameters as SAM's command line takes them."""
    return ["--parameter-overrides", *(f'{key}="{value}"' for key, value in parameters.items())]


def run_sam(command: str, *arguments: str | Path, environment: dict[str, str]) -> str:
    """Run a command of the SAM CLI and return its output; an error shows all that it printed."""
    done = subprocess.run(
        [SAM, command, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LocalAwsError(f"sam {command} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def _sam_build(folder: Path, parameters: dict[str, str]) -> None:
    environment = os.environ | {
        "LAYER_PYTHON": str(PYTHON),
        "LAYER_TARGET": "",
        "SAM_CLI_TELEMETRY": "0",
    }
    template = ROOT / "template.yaml"
    run_sam(
        "build",
        "--build-dir",
        folder / "out",
        "--template-file",
        template,
        *overrides(parameters),
        environment=environment,
    )


def _digest(parameters: dict[str, str]) -> str:
    digest = hashlib.sha256(repr((sorted(parameters.items()), sys.version)).encode())
    for path in _source_files():
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _source_files() -> Iterator[Path]:
    for source in SOURCES:
        path = ROOT / source
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and "__pycache__" not in file.parts)


def _forget_old_builds() -> None:
    builds = sorted(BUILDS.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for old in (folder for folder in builds[KEPT_BUILDS:] if not folder.suffix):
        shutil.rmtree(old, ignore_errors=True)
