"""A store that cannot be opened: says why, and offers what can be done. Nothing is written until the user chooses."""

from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QObject

from zhiyin.errors import describe
from zhiyin.store.errors import StoreCode, StoreError
from zhiyin.store.records import Backup
from zhiyin.store.store import list_backups, restore_backup
from zhiyin.ui.wording import Wording

if TYPE_CHECKING:
    from zhiyin.application import Zhiyin

KEY = "store"
RETRY = "store:retry"
RESTORE = "store:restore"


class StoreTrouble(QObject):
    """The banner of a store that is not there, and the way back to a good one."""

    def __init__(self, zhiyin: "Zhiyin", error: BaseException) -> None:
        super().__init__(zhiyin)
        self._zhiyin = zhiyin
        self._error = error
        self._backup: Backup | None = None
        zhiyin.window.banner.action.connect(self._act)

    def show(self) -> None:
        """Say what is the matter; for a damaged database, look for the last good backup first."""
        window = self._zhiyin.window
        window.composer.set_enabled_state(False, self.tr("Your conversations are not open"))
        if isinstance(self._error, StoreError) and self._error.code is StoreCode.DAMAGED:
            self._ask(self._zhiyin.background.submit(list_backups, self._zhiyin.paths.data_dir), self._offer)
        else:
            self._say([])

    def _offer(self, backups: list[Backup]) -> None:
        self._backup = next((backup for backup in backups if backup.good), None)
        if self._backup is None:
            self._say([])
            return
        self._say([(RESTORE, partial(self._offer_text, self._backup))])

    def _offer_text(self, backup: Backup) -> str:
        when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(backup.created)), QLocale.FormatType.ShortFormat)
        return self.tr("Go back to the backup of {when}").format(when=when)

    def _text(self, error: BaseException) -> str:
        if isinstance(error, StoreError):
            return describe(error.failure.code, error.failure.args)
        return self.tr("Your conversations could not be opened ({detail}).").format(detail=str(error))

    def _say(self, actions: list[tuple[str, Wording]]) -> None:
        newer = isinstance(self._error, StoreError) and self._error.code is StoreCode.NEWER
        if not newer:
            actions = [*actions, (RETRY, lambda: self.tr("Try again"))]
        self._zhiyin.window.banner.show_message(partial(self._text, self._error), "error", actions, key=KEY)

    def _act(self, action: str) -> None:
        if action == RETRY:
            self._again()
        elif action == RESTORE and self._backup is not None:
            self._ask(self._zhiyin.background.submit(restore_backup, self._zhiyin.paths.data_dir, self._backup.path), self._restored)

    def _restored(self, kept: Path | None) -> None:
        if kept is not None:
            self._zhiyin.window.banner.show_message(partial(_restored_text, kept.name), "info")
        self._again()

    def _again(self) -> None:
        self._zhiyin.window.banner.action.disconnect(self._act)
        self._zhiyin.window.banner.dismiss(KEY)
        self._zhiyin.open_store()
        self.deleteLater()

    def _ask(self, future: "Future[Any]", then: Any) -> None:
        self._zhiyin.delivery.deliver(future, then, self._failed)

    def _failed(self, error: BaseException) -> None:
        self._error = error
        self._say([])


def _restored_text(name: str) -> str:
    # outlives the trouble, whose own ``tr`` ends with it
    return QCoreApplication.translate("StoreTrouble", "The backup is in place. The damaged file is kept as {name}.").format(name=name)
