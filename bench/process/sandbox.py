"""Owns the sandbox around a worker where bubblewrap works: what of the file system it sees, and what it may write.

A worker sees the system read-only, its own home and nothing else writable, no folder of a user, no other
process and no network. What is here knows no variants; callers say which folders a worker needs.
"""

import contextlib
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_OURS = Path(__file__).resolve().parents[1]
_PROBE_S = 30.0
# Where users keep secrets, other programs their sockets, and earlier runs what they would like to find again.
_PRIVATE = ("/home", "/root", "/run", "/tmp", "/var/tmp")
_DEVICES = ("nvidia*", "dri", "kfd", "dxg")
_ISOLATION = (
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-net",
    "--cap-drop",
    "ALL",
    "--die-with-parent",
)
# Asked of the target's interpreter: where it and what is installed for it live, editable installs included.
_ASK = """
import json, sys
places = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path]
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith("__editable__"):
        places += getattr(module, "MAPPING", {}).values()
print(json.dumps([str(path) for path in places if path]))
"""


@dataclass(frozen=True, kw_only=True)
class WorkerSandbox:
    """What one worker may see of the private folders, and what it may write."""

    sandbox: "Sandbox"
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()

    def wrap(self, argv: list[str], *, home: Path) -> list[str]:
        """Return the command that runs `argv` inside the sandbox, in its home."""
        sandbox = self.sandbox
        links, binds = _mounts((*sandbox.needed, *self.read), sandbox.private)
        more_links, writable = _mounts((home, *self.write), sandbox.private, everywhere=True)
        command = [sandbox.program, *_ISOLATION, "--ro-bind", "/", "/", "--dev", "/dev", *_devices(), "--proc", "/proc"]
        for folder in sandbox.private:
            command += ["--tmpfs", str(folder)]
        shown = _outermost(binds)
        for link, target in (links | more_links).items():
            if not _is_inside(link, shown):
                command += ["--symlink", str(target), str(link)]
        for path in (*shown, *_outermost(writable)):
            command += ["--bind" if path in writable else "--ro-bind", str(path), str(path)]
        return [*command, "--chdir", str(home), "--", *argv]


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A bubblewrap that works here, the folders that it hides, and what of them every worker needs."""

    program: str
    private: tuple[Path, ...]
    needed: tuple[Path, ...]

    @property
    def fact(self) -> str:
        """What a session's machine says about it."""
        return "bubblewrap"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of a session should know."""
        return ()

    def for_worker(
        self, *, read: Iterable[Path] = (), write: Iterable[Path] = (), script: Path | None = None
    ) -> WorkerSandbox:
        """Return the sandbox of one worker that needs these folders as well, and a script with what lies beside it."""
        beside = [] if script is None else [script if _exposes(script.parent, self.private) else script.parent]
        return WorkerSandbox(sandbox=self, read=(*read, *beside), write=tuple(write))


@dataclass(frozen=True, kw_only=True)
class NoSandbox:
    """Why workers run without a sandbox; `broken` if bubblewrap is there and does not work."""

    reason: str
    broken: bool = False

    @property
    def fact(self) -> str:
        """What a session's machine says about it."""
        return f"none ({self.reason})"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of a session should know."""
        return (f"the timed code was not contained: {self.reason}",) if self.broken else ()

    def for_worker(self, *, read: Iterable[Path] = (), write: Iterable[Path] = (), script: Path | None = None) -> None:
        """Return none."""


Containment = Sandbox | NoSandbox


def find_sandbox(python: str, *, wanted: bool = True) -> Containment:
    """Return the sandbox for workers of an interpreter, or why there are none; tried once for each interpreter."""
    if not wanted:
        return NoSandbox(reason="switched off")
    program = shutil.which("bwrap")
    if program is None:
        return NoSandbox(reason="bubblewrap is not installed")
    return _tried(
        program, python, _private_folders(), os.environ.get("PATH", ""), os.environ.get("LD_LIBRARY_PATH", "")
    )


@cache
def _tried(program: str, python: str, private: tuple[Path, ...], path: str, libraries: str) -> Containment:
    given = [Path(folder) for text in (path, libraries) for folder in text.split(os.pathsep)]
    places = (_OURS, *given, *_of_interpreter(python, libraries))
    existing = [place for place in places if place.is_absolute() and place.exists()]
    needed = tuple(dict.fromkeys(place for place in existing if not _exposes(place, private)))
    sandbox = Sandbox(program=program, private=private, needed=needed)
    with tempfile.TemporaryDirectory(prefix="judge-bench-") as home:
        try:
            done = subprocess.run(
                sandbox.for_worker().wrap(["true"], home=Path(home)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_PROBE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return NoSandbox(reason=f"bubblewrap does not work here: {error}", broken=True)
    if done.returncode != 0:
        complaint = done.stderr.decode("utf-8", "replace").strip().splitlines()
        last = complaint[-1].removeprefix("bwrap: ") if complaint else f"it left with status {done.returncode}"
        return NoSandbox(reason=f"bubblewrap does not work here: {last}", broken=True)
    return sandbox


def _private_folders() -> tuple[Path, ...]:
    """Return the folders to hide, none inside another; whatever their names, as the kernel knows them."""
    names = [*_PRIVATE, tempfile.gettempdir(), os.environ.get("HOME", "")]
    with contextlib.suppress(KeyError):  # a user without an entry, as in many containers
        names.append(pwd.getpwuid(os.getuid()).pw_dir)
    folders = {Path(os.path.realpath(name)) for name in names if name and Path(name).is_dir()}
    folders = {folder for folder in folders if len(folder.parts) > 1 and folder not in (Path("/usr"), Path("/var"))}
    return _outermost(folders)


def _of_interpreter(python: str, libraries: str) -> list[Path]:
    """Return where an interpreter lives, hop by hop, and what it says is installed for it."""
    places = []
    hop = Path(python)
    for _ in range(40):
        places += [hop, hop.parent]
        if not hop.is_symlink():
            break
        hop = Path(os.path.normpath(hop.parent / hop.readlink()))
    try:
        done = subprocess.run(
            [python, "-s", "-B", "-c", _ASK],  # as workers are started: a wrapper may set a path
            cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_S, check=True,
            env={"LD_LIBRARY_PATH": libraries},
        )  # fmt: skip
        places += map(Path, json.loads(done.stdout.decode("utf-8").splitlines()[-1]))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        pass  # an interpreter that cannot answer fails again as a worker, with a message
    return places


def _exposes(path: Path, private: tuple[Path, ...]) -> bool:
    """Whether showing a folder would show a private one as a whole."""
    real = Path(os.path.realpath(path))
    return any(real == folder or real in folder.parents for folder in private)


def _devices() -> list[str]:
    arguments: list[str] = []
    for pattern in _DEVICES:
        for device in sorted(Path("/dev").glob(pattern)):
            arguments += ["--dev-bind-try", str(device), str(device)]
    return arguments


def _mounts(
    paths: Iterable[Path], private: tuple[Path, ...], *, everywhere: bool = False
) -> tuple[dict[Path, Path], set[Path]]:
    """Return the links to make and the paths to bind, so that `paths` can be reached by the names they have now.

    What lies outside of the private folders can be seen anyway, and is bound only if asked for `everywhere`.
    """
    links: dict[Path, Path] = {}
    binds: set[Path] = set()
    for path in paths:
        real = _follow(path, links, private)
        if everywhere or real in private or _is_inside(real, private):
            binds.add(real)
    return links, binds


def _outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the paths that lie in no other of them, in order."""
    known = set(paths)
    return tuple(sorted(path for path in known if not known & set(path.parents)))


def _follow(path: Path, links: dict[Path, Path], private: tuple[Path, ...]) -> Path:
    """Walk a path part by part; note each link that a private folder hides. Return where it leads."""
    left = list(path.absolute().parts[1:])
    here = Path("/")
    for _ in range(400):
        if not left:
            break
        part = left.pop(0)
        if part == "..":
            here = here.parent
            continue
        step = here / part
        if not step.is_symlink():
            here = step
            continue
        target = step.readlink()
        if _is_inside(step, private):
            links[step] = target
        here = Path("/") if target.is_absolute() else here
        left = [name for name in target.parts if name != "/"] + left
    return here


def _is_inside(path: Path, private: tuple[Path, ...]) -> bool:
    return any(folder in path.parents for folder in private)
