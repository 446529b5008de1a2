"""A child process for the tests: speaks the engine's protocol and misbehaves on demand (``Load.path`` says how)."""

import ctypes
import os
import queue
import signal
import sys
import time

from zhiyin_models.child import ChildEnd
from zhiyin_models.child.wire import encode
from zhiyin_models.engine import protocol as p


def say(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


class Toy:
    def __init__(self) -> None:
        self.stopped: set[int] = set()
        self.jobs: queue.SimpleQueue[p.Load | p.Generate] = queue.SimpleQueue()
        self.end: ChildEnd[p.Request] = ChildEnd(
            p.Request, kind=os.environ.get("TOY_KIND", "engine"), version=int(os.environ.get("TOY_VERSION", "1")), on_request=self.take
        )

    def take(self, request: p.Request) -> None:
        match request:
            case p.Load(path="raise"):
                raise RuntimeError("a bug of the toy")
            case p.Load() | p.Generate():
                self.jobs.put(request)
            case p.Stop(target=target):
                self.stopped.add(target)
                say("asked to stop")
            case p.Count(texts=texts):
                self.end.send(p.Counted(request.id, tuple(len(text) for text in texts)))
            case p.Tokenize(text=text):
                self.end.send(p.Tokens(request.id, (), (text,)))
            case p.Render() | p.Forget() | p.Unload():
                self.end.send(p.Finished(request.id))
            case p.Info():
                pass  # never answered

    def run(self) -> None:
        self.end.start()
        while True:
            job = self.jobs.get()
            if isinstance(job, p.Load):
                self.misbehave(job)
            else:
                self.generate(job)

    def generate(self, job: p.Generate) -> None:
        """``session`` is how many pieces to send; the reply is over when they are sent, or stopped when nothing limits it."""
        sent = 0
        limit = int(job.session or 0)
        while sent < limit and job.id not in self.stopped:
            self.end.send(p.Text(job.id, f"{sent} "))
            sent += 1
        reason: p.Reason = "stopped" if job.id in self.stopped else "end"
        self.end.send(p.Finished(job.id, reason, stats=p.Stats(generated_tokens=sent)))

    def misbehave(self, job: p.Load) -> None:
        match job.path:
            case "print":
                os.write(1, b"stray bytes of a C library\n")
                sys.stdout.write("stray words\n")
                self.end.send(p.Finished(job.id))
            case "exit":
                say("the last words\x1b[31m")
                os._exit(3)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "half":
                self.end.send(p.Text(job.id, "half a "))
                self.end.close()
                os.kill(os.getpid(), signal.SIGSEGV)
            case "freeze":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "sleep in C":
                self.end.send(p.LoadProgress(job.id, 0.5))
                ctypes.CDLL(None).sleep(60)
            case "sleep with the lock":  # no other thread of this process runs
                os.write(self.end._output, encode(p.LoadProgress(job.id, 0.5)) + b"\n")
                ctypes.PyDLL(None).sleep(600)  # longer than any test waits
            case "busy":
                time.sleep(job.context / 1000)
                self.end.send(p.Finished(job.id))
            case "surrogates":
                self.end.send(p.Text(job.id, "a\ud800b\ud83d\ude00"))
                self.end.send(p.Finished(job.id))
            case _:
                self.break_the_protocol(job)

    def break_the_protocol(self, job: p.Load) -> None:
        match job.path:
            case "garbage":
                os.write(self.end._output, b"this is no JSON\n")
            case "damaged":
                os.write(self.end._output, b'{"type":"loaded","id":%d,"model":7}\n' % job.id)
            case "endless line":
                os.write(self.end._output, b'{"type":"text","id":%d,"text":"' % job.id)
                while True:
                    os.write(self.end._output, b"x" * 65536)
            case "closed output":
                os.close(self.end._output)
                ctypes.CDLL(None).sleep(60)
            case "huge answer":
                self.end.send(p.Text(job.id, "x" * (17 * 1024 * 1024)))


if __name__ == "__main__":
    if os.environ.get("TOY_FAILS_TO_START"):
        say("no such library")
        sys.exit(7)
    if os.environ.get("TOY_SAYS_NOTHING"):
        say("waiting for a driver")
        time.sleep(60)
    Toy().run()
