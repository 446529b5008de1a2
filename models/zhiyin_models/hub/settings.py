"""Where models come from and how: ``hub.json`` in the data directory, shared by the window, its children and the command line."""

import contextlib
import os
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from zhiyin_models.hub.addresses import is_loopback, is_web
from zhiyin_models.private_file import replace_private

FILE = "hub.json"
MAX_BYTES = 1 << 20


class Source(Struct, frozen=True):
    """A hub, or a mirror of one. ``address`` begins with http:// or https:// and ends without a slash."""

    name: str
    kind: Literal["huggingface", "modelscope"]
    address: str
    enabled: bool = True
    official: bool = False  # the hub itself: the only place that its token is ever sent to


SOURCES = (
    Source("Hugging Face", "huggingface", "https://huggingface.co", official=True),
    Source("HF-Mirror", "huggingface", "https://hf-mirror.com"),
    Source("ModelScope", "modelscope", "https://modelscope.cn", official=True),
)


class HubSettings(Struct, frozen=True):
    """Sources in the order in which they are tried, and how bytes are fetched."""

    sources: tuple[Source, ...] = SOURCES
    proxy: str = "system"  # "system" (environment), "" for none, or an address
    offline: bool = False  # nothing goes out
    concurrency: int = 2  # downloads at a time
    connections: int = 4  # ranges of one file at a time
    speed_limit: int = 0  # bytes a second of all downloads together; 0: none

    def source(self, name: str) -> Source | None:
        """The source of this name."""
        return next((source for source in self.sources if source.name == name), None)

    def of_kind(self, kind: str) -> tuple[Source, ...]:
        """Those that are enabled and carry the same repositories, in order."""
        return tuple(source for source in self.sources if source.enabled and source.kind == kind)


def read_hub_settings(data_dir: Path) -> HubSettings:
    """What was chosen; a field that a newer or damaged file spoils falls back to its default. ``$HF_ENDPOINT`` comes first when set."""
    settings = HubSettings()
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError), (data_dir / FILE).open("rb") as file:
        raw = msgspec.json.decode(file.read(MAX_BYTES))
        for field in msgspec.structs.fields(HubSettings):
            if isinstance(raw, dict) and field.name in raw:
                with contextlib.suppress(msgspec.ValidationError):
                    settings = msgspec.structs.replace(settings, **{field.name: msgspec.convert(raw[field.name], field.type)})
    return _with_endpoint(settings, environment_endpoint())


def write_hub_settings(data_dir: Path, settings: HubSettings) -> None:
    """Replace the file in one step; nobody else can read it, for a proxy's password may be in it. Raises OSError."""
    data_dir.mkdir(parents=True, exist_ok=True)
    replace_private(data_dir / FILE, msgspec.json.format(msgspec.json.encode(settings), indent=1))


def environment_endpoint() -> str:
    """The address that ``$HF_ENDPOINT`` means: one without a scheme is encrypted, unless it is this computer. "" where it is none."""
    given = os.environ.get("HF_ENDPOINT", "").strip()
    if given and "://" not in given:
        given = f"{'http' if is_loopback(f'http://{given}') else 'https'}://{given}"
    return given.rstrip("/") if is_web(given) else ""


def _with_endpoint(settings: HubSettings, endpoint: str) -> HubSettings:
    """The environment's endpoint is tried first, as other tools do."""
    if not endpoint or any(source.address == endpoint for source in settings.sources):
        return settings
    source = Source("HF_ENDPOINT", "huggingface", endpoint)
    return msgspec.structs.replace(settings, sources=(source, *settings.sources))
