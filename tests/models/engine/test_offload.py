"""Layers on a GPU: an RPC server on loopback is a device of that kind."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.models.engine.asking import Pending, answer, ask, begin, talk

from zhiyin_models.engine import protocol as p
from zhiyin_models.engine.client import EngineClient
from zhiyin_models.errors import Code, ModelError

MESSAGES = talk("Name three colours.")
SERVER = Path(__file__).with_name("rpc_server.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def server() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The address of an RPC server, and its process."""
    port = free_port()
    process = subprocess.Popen([sys.executable, str(SERVER), f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not listens(("127.0.0.1", port)):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def test_all_layers_by_default_some_when_told_none_when_told(
    starter: Path, engine: EngineClient, server: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    address, _ = server
    expected = ask(engine, "", MESSAGES, max_tokens=8).text
    with EngineClient() as client:
        first, *others = client.devices((address,)).devices
        assert (first.name, first.kind, first.backend) == ("RPC0", "gpu", "RPC")
        assert first.memory_free > 1 << 30
        assert [device.kind for device in others] == ["cpu"]

        full = client.load(starter, context=512, threads=1, rpc_servers=(address,))
        assert (full.gpu_layers, full.layers) == (31, 31)
        assert full.shares[0].device == "RPC0"
        assert full.shares[0].layers == 31
        assert full.shares[0].weights > 60 << 20
        assert full.shares[0].kv > 0
        assert ask(client, "a", MESSAGES, max_tokens=8).text == expected
        again = ask(client, "a", MESSAGES, max_tokens=8)
        assert (again.text, again.stats.reused_tokens) == (expected, again.stats.prompt_tokens - 1)

        partial = client.load(starter, context=512, threads=1, gpu_layers=10, rpc_servers=(address,))
        assert partial.gpu_layers == 10
        assert {share.device: share.layers for share in partial.shares} == {"RPC0": 10, "CPU": 21}
        assert all(share.kv > 0 and share.weights > 0 for share in partial.shares)
        assert ask(client, "a", MESSAGES, max_tokens=8).text == expected

        none = client.load(starter, context=512, threads=1, gpu_layers=0, rpc_servers=(address,))
        assert none.gpu_layers == 0
        assert [share.device for share in none.shares] == ["CPU"]


def test_a_server_that_is_not_there_is_named_and_the_engine_lives(starter: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    with EngineClient() as client:
        for request in (lambda: client.devices((address,)), lambda: client.load(starter, rpc_servers=(address,))):
            with pytest.raises(ModelError) as caught:
                request()
            assert caught.value.code is Code.DEVICE_UNREACHABLE
            assert caught.value.failure.args["address"] == address
        assert client.alive
        assert [device.kind for device in client.devices().devices] == ["cpu"]


def test_a_server_that_goes_away_ends_the_engine_and_nothing_else(starter: Path, server: tuple[str, "subprocess.Popen[bytes]"]) -> None:
    address, process = server
    with EngineClient() as client:
        client.load(starter, context=512, threads=1, rpc_servers=(address,))
        reply = begin(client, "a", MESSAGES).until(lambda event: isinstance(event, p.Text))
        process.kill()
        process.wait()
        assert reply.done().failed.code is Code.ENGINE_DIED
        assert not client.alive


@contextmanager
def gate(address: str, opened: threading.Event, reached: threading.Event) -> Iterator[str]:
    """Another address of the same server, which says nothing until it is opened."""
    host, _, port = address.rpartition(":")
    ends: list[socket.socket] = []

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                reached.set()
                opened.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((host, int(port)))
                ends.extend((near, far))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=carry, args=pair).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            opened.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for end in ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()


def test_a_load_that_is_stopped_before_it_began_leaves_the_model_that_was_loaded(
    starter: Path, server: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    opened, reached = threading.Event(), threading.Event()
    with EngineClient() as client, gate(server[0], opened, reached) as address:
        client.load(starter, context=512, threads=1)
        load = Pending(client, lambda number: p.Load(id=number, path=str(starter), context=768, rpc_servers=(address,)))
        assert reached.wait(60)
        load.stop()
        answer(client, lambda number: p.Info(id=number))  # read after the stop
        opened.set()
        assert load.done().finished.reason == "stopped"
        assert ask(client, "", MESSAGES, max_tokens=2).stats.context == 512


def test_an_address_where_nobody_answers_holds_up_nothing(starter: Path) -> None:
    with EngineClient() as client, socket.create_server(("127.0.0.1", 0)) as silent:
        client.load(starter, context=512, threads=1)
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        devices = Pending(client, lambda number: p.Devices(id=number, rpc_servers=(address,)))
        with pytest.raises(ModelError) as caught:
            client.load(starter, context=512, rpc_servers=(address,))
        assert caught.value.failure.args == {"address": address}
        assert devices.done().failed.code is Code.DEVICE_UNREACHABLE
        assert ask(client, "", MESSAGES, max_tokens=2).finished.reason == "length"


def test_a_stop_acts_between_the_batches_of_a_prompt(starter: Path, server: tuple[str, "subprocess.Popen[bytes]"]) -> None:
    long = talk(" ".join(f"word{number}" for number in range(150)))
    with EngineClient() as client:
        client.load(starter, context=1024, threads=1, rpc_servers=(server[0],))
        running = begin(client, "a", long).until(lambda event: isinstance(event, p.Prefill) and event.done > 0)
        stopped = running.stop().done()
        assert stopped.finished.reason == "stopped"
        done = max(event.done for event in stopped.events if isinstance(event, p.Prefill))
        assert done < stopped.stats.prompt_tokens
        assert ask(client, "a", long, max_tokens=2).stats.reused_tokens >= done
