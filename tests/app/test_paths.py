import os
import stat
from pathlib import Path

import pytest

from zhiyin.paths import FolderWarning, Paths, file_system, folder_warning

MOUNTS = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 27 0:40 / /home rw,relatime - ext4 /dev/sdb1 rw
41 40 0:41 / /home/li/nas rw,relatime shared:9 - nfs4 nas:/export rw,vers=4.2
42 40 0:42 / /home/li/win rw,relatime - cifs //server/share rw
43 40 0:43 / /home/li/far rw,nosuid - fuse.sshfs li@far: rw
44 40 0:44 / /home/li/usb rw,relatime - fuseblk /dev/sdc1 rw
45 40 0:45 / /home/li/my\040nas rw,relatime - 9p host rw
46 27 0:46 / /mnt/both rw,relatime - nfs old:/ rw
47 27 0:47 / /mnt/both rw,relatime - ext4 /dev/sdd rw
48 40 0:48 / /home/li/zip rw,relatime - fuse.mount-zip x rw
49 40 0:49 / /home/li/cloud rw,relatime - fuse.rclone remote: rw
a line that makes no sense
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    return path


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/li/.local/share/zhiyin", ""),
        ("/home/li/nas/zhiyin", "nfs4"),
        ("/home/li/nas", "nfs4"),
        ("/home/li/nas2", ""),
        ("/home/li/win/a/b", "cifs"),
        ("/home/li/far", "fuse.sshfs"),
        ("/home/li/cloud/x", "fuse.rclone"),
        ("/home/li/my nas/zhiyin", "9p"),
        ("/home/li/usb/zhiyin", ""),
        ("/home/li/zip", ""),
        ("/mnt/both", ""),
        ("/", ""),
    ],
)
def test_network_folders_are_noticed(mounts: Path, folder: str, kind: str) -> None:
    assert folder_warning(Path(folder), mounts) == (FolderWarning("network", kind) if kind else None)


def test_the_file_system_of_a_real_folder_is_found() -> None:
    assert file_system(Path("/proc/self")) == "proc"


def test_where_mounts_cannot_be_read_nothing_is_claimed(tmp_path: Path) -> None:
    assert file_system(Path("/"), tmp_path / "none") == ""
    assert folder_warning(tmp_path, tmp_path / "none") is None


@pytest.mark.parametrize(
    ("folder", "service"),
    [
        ("Dropbox/zhiyin", "Dropbox"),
        ("Dropbox (Personal)/zhiyin", "Dropbox"),
        ("OneDrive - Contoso/Documents", "OneDrive"),
        ("OneDrive", "OneDrive"),
        ("我的坚果云/数据", "坚果云"),
        ("Nutstore Files/zhiyin", "坚果云"),
        ("Library/Mobile Documents/com~apple~CloudDocs/zhiyin", "iCloud"),
        ("Google Drive/x", "Google Drive"),
        ("Nextcloud/x/y/z", "Nextcloud"),
        ("BaiduSyncdisk/x", "百度网盘"),
        ("Documents/not a dropbox/x", ""),
        (".local/share/zhiyin", ""),
        ("OneDriver/zhiyin", ""),
    ],
)
def test_synced_folders_are_known_by_name(tmp_path: Path, mounts: Path, folder: str, service: str) -> None:
    assert folder_warning(tmp_path / folder, mounts) == (FolderWarning("synced", service) if service else None)


def test_synced_folders_are_known_by_what_the_service_leaves_there(tmp_path: Path, mounts: Path) -> None:
    synced = tmp_path / "shared"
    (synced / ".stfolder").mkdir(parents=True)
    assert folder_warning(synced / "deep" / "zhiyin", mounts) == FolderWarning("synced", "Syncthing")
    assert folder_warning(tmp_path / "other", mounts) is None
    (tmp_path / ".dropbox").mkdir()  # in a home directory: its configuration
    assert folder_warning(tmp_path / "other", mounts) is None
    (synced / ".stfolder").rmdir()
    (synced / ".dropbox").write_text("")
    assert folder_warning(synced, mounts) == FolderWarning("synced", "Dropbox")


def test_a_link_into_a_synced_folder_is_followed(tmp_path: Path, mounts: Path) -> None:
    (tmp_path / "Dropbox" / "zhiyin").mkdir(parents=True)
    (tmp_path / "data").symlink_to(tmp_path / "Dropbox" / "zhiyin")
    assert folder_warning(tmp_path / "data", mounts) == FolderWarning("synced", "Dropbox")


def test_folders_are_made_for_this_user_alone(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "a" / "知音")
    old = os.umask(0)
    try:
        paths.create()
        paths.create()
    finally:
        os.umask(old)
    for folder in (paths.data_dir, paths.backups, paths.logs, paths.jobs, paths.models):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    paths.data_dir.chmod(0o755)
    paths.create()
    assert stat.S_IMODE(paths.data_dir.stat().st_mode) == 0o700
    assert paths.database.parent == paths.instance_lock.parent == paths.data_dir
