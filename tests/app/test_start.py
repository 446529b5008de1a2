"""The start: what stands behind the window is loaded beside it."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from zhiyin.application import Zhiyin
from zhiyin.paths import Paths

class Watch:
    loaded = {}
    def find_spec(self, name, path=None, target=None):
        self.loaded.setdefault(name, threading.current_thread() is threading.main_thread())

app = QApplication([])
paths = Paths(Path(sys.argv[1]))
paths.create()
zhiyin = Zhiyin(app, paths, language="en")
sys.meta_path.insert(0, Watch())
timer = QTimer()
timer.timeout.connect(lambda: zhiyin.session is not None and zhiyin.quit())
timer.start(10)
zhiyin.start()
app.exec()
zhiyin.close()
print(*(Watch.loaded[name] for name in ("zhiyin.controllers.session", "zhiyin.controllers.chat")))
"""


def test_the_session_is_not_loaded_on_the_windows_thread(root: Path, tmp_path: Path) -> None:
    paths = os.pathsep.join([str(root / "app"), str(root / "models")])
    environment = {**os.environ, "PYTHONPATH": paths, "QT_QPA_PLATFORM": "offscreen"}
    ran = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    assert ran.stdout.split() == ["False", "False"], ran.stderr
