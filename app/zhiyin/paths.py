"""Where the app keeps its things: one data directory, and whether it lies somewhere that a database should not."""

import contextlib
import os
from pathlib import Path
from typing import Literal

from msgspec import Struct

MOUNTS = Path("/proc/self/mountinfo")

NETWORK_FILE_SYSTEMS = frozenset({
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
    "ocfs2", "orangefs", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs", "webdav",
})  # fmt: skip
# FUSE hides what it mounts behind a subtype; these are not on this machine
NETWORK_FUSE = (
    "sshfs", "rclone", "davfs", "s3fs", "gcsfuse", "goofys", "gvfsd-fuse", "kio-fuse", "glusterfs", "ceph", "curlftpfs", "smbnetfs",
    "juicefs", "seaweedfs", "moosefs", "mfs", "lizardfs", "blobfuse", "gdfs", "google-drive-ocamlfuse", "onedriver", "vmhgfs-fuse",
    "seadrive", "pcloud", "alist", "clouddrive", "mountpoint-s3",
)  # fmt: skip
# A component of the path, casefolded → the service. Some are exact, some beginnings ("OneDrive - Contoso").
SYNCED_FOLDERS = {
    "dropbox": "Dropbox",
    "onedrive": "OneDrive",
    "icloud drive": "iCloud",
    "iclouddrive": "iCloud",
    "mobile documents": "iCloud",
    "com~apple~clouddocs": "iCloud",
    "nutstore": "坚果云",
    "nutstore files": "坚果云",
    "my nutstore": "坚果云",
    "坚果云": "坚果云",
    "我的坚果云": "坚果云",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
    "seafile": "Seafile",
    "baidusyncdisk": "百度网盘",
    "百度网盘同步空间": "百度网盘",
    "box sync": "Box",
    "pclouddrive": "pCloud",
    "pcloud drive": "pCloud",
    "megasync": "MEGA",
    "yandex.disk": "Yandex.Disk",
    "cloudstorage": "CloudStorage",  # macOS keeps every provider's folder in ~/Library/CloudStorage
}
SYNCED_BEGINNINGS = {"dropbox (": "Dropbox", "onedrive - ": "OneDrive", "nutstore(": "坚果云", "nutstore-": "坚果云", "坚果云(": "坚果云"}
# Something that a service leaves in the folder it syncs; (name, is it a folder?) with None for either
SYNC_MARKERS: tuple[tuple[str, bool | None, str], ...] = (
    (".stfolder", None, "Syncthing"),
    (".dropbox", False, "Dropbox"),  # a folder of this name in the home directory is its configuration
    (".dropbox.cache", True, "Dropbox"),
    (".nextcloudsync.log", False, "Nextcloud"),
    (".owncloudsync.log", False, "ownCloud"),
    (".tmp.drivedownload", True, "Google Drive"),
    (".seafile-ignore", False, "Seafile"),
    ("seafile-ignore.txt", False, "Seafile"),
    (".849C9593-D756-4E56-8D6E-42412F2A707B", None, "OneDrive"),
)


class FolderWarning(Struct, frozen=True):
    """Why a folder is a bad place for a database; put into words by the window."""

    kind: Literal["network", "synced"]
    detail: str  # the file system's type, or the name of the service


class Paths(Struct, frozen=True):
    """What lies where under the data directory."""

    data_dir: Path

    @property
    def database(self) -> Path:
        """The store."""
        return self.data_dir / "zhiyin.sqlite3"

    @property
    def backups(self) -> Path:
        """Copies of the database."""
        return self.data_dir / "backups"

    @property
    def logs(self) -> Path:
        """What the child processes say on stderr."""
        return self.data_dir / "logs"

    @property
    def jobs(self) -> Path:
        """The state of long jobs, one folder each."""
        return self.data_dir / "jobs"

    @property
    def downloads(self) -> Path:
        """The state of downloads and other jobs of the library, one folder each."""
        return self.data_dir / "downloads"

    @property
    def models(self) -> Path:
        """Model files that the app fetched or made."""
        return self.data_dir / "models"

    @property
    def instance_lock(self) -> Path:
        """Held by the one window of this data directory."""
        return self.data_dir / "instance.lock"

    def create(self) -> None:
        """Make the folders, open to this user only. Raises OSError."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.backups, self.logs, self.jobs, self.downloads, self.models):
            folder.mkdir(mode=0o700, exist_ok=True)
        # A folder that was there before may be open to others; where that cannot be changed it is the user's own arrangement.
        with contextlib.suppress(OSError):
            if self.data_dir.stat().st_mode & 0o077:
                self.data_dir.chmod(0o700)


def _unescape(field: str) -> str:
    """Undo the octal escapes of mountinfo (proc(5)): space, tab, newline and backslash."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field


def file_system(path: Path, mounts: Path = MOUNTS) -> str:
    """Return the type of the file system that a path lies on ("ext4", "nfs4", "fuse.sshfs" …), "" where it cannot be known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    found, depth = "", -1
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 6 or not after:
            continue
        point = Path(_unescape(fields[4]))
        # of two mounted on the same folder the later one is seen
        if path.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = after.split(" ", 1)[0], len(point.parts)
    return found


def _is_network(kind: str) -> bool:
    if kind.startswith("fuse."):
        return kind.removeprefix("fuse.") in NETWORK_FUSE
    return kind in NETWORK_FILE_SYSTEMS


def _service(folder: Path) -> str:
    """Return the service that syncs a folder, "" for none: told by the folder's name, or by what lies in it."""
    name = folder.name.casefold()
    known = SYNCED_FOLDERS.get(name) or next((service for start, service in SYNCED_BEGINNINGS.items() if name.startswith(start)), "")
    if known:
        return known
    for marker, is_folder, service in SYNC_MARKERS:
        path = folder / marker
        with contextlib.suppress(OSError):
            if path.exists() and (is_folder is None or path.is_dir() == is_folder):
                return service
    return ""


def folder_warning(folder: Path, mounts: Path = MOUNTS) -> FolderWarning | None:
    """Say why a database does not belong in this folder, None when nothing speaks against it.

    On a network folder SQLite's locks and shared memory are not to be trusted; a service that syncs copies the database in the
    middle of a write, and puts another machine's copy over it.
    """
    real = Path(os.path.realpath(folder))
    kind = file_system(real, mounts)
    if _is_network(kind):
        return FolderWarning("network", kind)
    if real.drive.startswith("\\\\"):
        return FolderWarning("network", "smb")
    for parent in (real, *real.parents):
        service = _service(parent)
        if service:
            return FolderWarning("synced", service)
    return None
