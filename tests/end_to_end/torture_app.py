"""The app, typing by itself for ever: says on standard output what it was told is safe, until it is killed.

``user ID TEXT`` a turn is committed; ``seen ID LENGTH`` that much of a reply was on the screen. Usage: torture_app DATA_DIR SEED
"""

import random
import sys
from pathlib import Path

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from zhiyin.application import Zhiyin
from zhiyin.paths import Paths
from zhiyin.services.engine import EngineState
from zhiyin_models.engine.protocol import Sampling


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Typist:
    """Sends one turn after the other, sometimes in a new conversation, sometimes another alternative."""

    def __init__(self, zhiyin: Zhiyin, seed: int) -> None:
        self.zhiyin = zhiyin
        self.random = random.Random(seed)
        self.told: set[int] = set()
        self.count = 0
        self.timer = QTimer()
        self.timer.timeout.connect(self.step)
        self.timer.start(20)
        self.connected = False

    def step(self) -> None:
        session = self.zhiyin.session
        if session is None:
            return
        if not self.connected:
            self.connected = True
            session.replies.grew.connect(lambda job, _delta: say("seen", job.reply, len(job.text)))
        for turn in session.chat.turns:
            if turn.role == "user" and turn.id not in self.told:
                self.told.add(turn.id)
                say("user", turn.id, turn.text)
        if session.engine.state is not EngineState.READY or session.replies.busy:
            return
        if not session.settings.max_tokens:
            session.change_settings(
                msgspec.structs.replace(session.settings, max_tokens=200, context=1024, threads=2, sampling=Sampling(temperature=0.9))
            )
            say("ready")
        self.count += 1
        choice = self.random.random()
        chat = session.chat
        # A long conversation is read again after a start, which takes seconds of every life: so most begin with a new one.
        anew, again = (0.7, 0.8) if self.count == 1 else (0.2, 0.35)
        if choice < anew and chat.turns:
            chat.new()
        elif choice < again and len(chat.turns) >= 2 and chat.turns[-1].role == "assistant":
            chat.regenerate(chat.turns[-1].id)
            return
        chat.send(f"question {self.count} of {self.random.random():.6f}: tell me a long story")


def main() -> None:
    app = QApplication(sys.argv[:1])
    zhiyin = Zhiyin(app, Paths(Path(sys.argv[1])), language="en")
    typist = Typist(zhiyin, int(sys.argv[2]))
    zhiyin.start()
    assert typist.timer.isActive()
    app.exec()


if __name__ == "__main__":
    main()
