"""Where things lie: the checkout, and the data folder with all that a run keeps."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from stack.console import CannotStart

CHECKOUT = Path(__file__).resolve().parent.parent
SETUP_LOGS = CHECKOUT / ".logs"  # of what is installed and built in the checkout
LASTING_TEMPORARY = Path("/var/tmp")  # noqa: S108  # survives a restart; ownership is checked
AS_ROOT = os.geteuid() == 0


@dataclass(frozen=True)
class Places:
    """The folders of one run. `asked` is where the data was wanted, `data` where it lies."""

    asked: Path
    data: Path

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def contents(self) -> Path:
        """What this cluster already holds, so that a start need not ask; goes with it."""
        return self.data / "contents"

    @property
    def moved(self) -> bool:
        return self.asked != self.data


def data_places() -> Places:
    """Find and make the data folder that DATA names (default: `.data` in the checkout)."""
    asked = (CHECKOUT / Path(os.environ.get("DATA") or ".data").expanduser()).resolve()
    if AS_ROOT and not open_to_others(asked):
        # Postgres refuses to run as root, and "nobody" cannot reach this folder.
        digest = hashlib.sha256(os.fsencode(asked)).hexdigest()[:12]
        return make_places(asked=asked, data=LASTING_TEMPORARY / f"deskmint-{digest}")
    return make_places(asked=asked, data=asked)


def make_places(*, asked: Path, data: Path) -> Places:
    data.parent.mkdir(parents=True, exist_ok=True)
    make_private(data)
    check_owner(data)
    places = Places(asked=asked, data=data)
    make_private(places.run)
    make_private(places.logs, passable=False)
    return places


def make_private(folder: Path, *, passable: bool = AS_ROOT) -> None:
    """Make a folder closed to others; as root they may pass through, for Postgres' user."""
    if not os.path.lexists(folder):
        folder.mkdir(mode=0o700)
        folder.chmod(0o711 if passable else 0o700)


def check_owner(folder: Path) -> None:
    """Refuse a folder that someone else made, or could write to."""
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode):
        raise CannotStart(f"{folder} is not a folder. Choose another with DATA=.")
    if seen.st_uid != os.geteuid():
        owner = owner_name(seen.st_uid)
        raise CannotStart(f"{folder} belongs to {owner}. Choose another folder with DATA=.")
    if folder.parent == LASTING_TEMPORARY and seen.st_mode & 0o022:
        raise CannotStart(f"{folder} can be written by others. Remove it or choose DATA=.")


def owner_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def open_to_others(path: Path) -> bool:
    """Tell whether any user may pass through all folders down to `path` (existing ones)."""
    return all(
        folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents) if folder.exists()
    )
