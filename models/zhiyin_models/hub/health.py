"""Whether the sources answer, and how fast."""

import time
from concurrent.futures import ThreadPoolExecutor

from zhiyin_models.errors import ModelError
from zhiyin_models.hub.answers import bad_answer, fetch_json, text
from zhiyin_models.hub.connection import Connection
from zhiyin_models.hub.settings import HubSettings, Source
from zhiyin_models.hub.values import SourceHealth

SMALLEST = {  # a question with a small answer
    "huggingface": "/api/models?limit=1",
    "modelscope": "/openapi/v1/models?page_number=1&page_size=1",
}
MAX_ANSWER = 4 << 20


def check_sources(settings: HubSettings, connection: Connection) -> tuple[SourceHealth, ...]:
    """Ask every source at once whether it is there, also those that are switched off. Raises ModelError HUB_OFFLINE."""
    connection.open()
    with ThreadPoolExecutor(max(1, min(len(settings.sources), 8)), "health") as pool:
        return tuple(pool.map(lambda source: _check(connection, source), settings.sources))


def _check(connection: Connection, source: Source) -> SourceHealth:
    begun = time.monotonic()
    address = source.address + SMALLEST[source.kind]
    try:
        answer = fetch_json(connection, address, limit=MAX_ANSWER)
        if not isinstance(answer, list if source.kind == "huggingface" else dict):
            raise bad_answer(address, type(answer).__name__)
    except ModelError as error:
        args = ", ".join(f"{name}={value}" for name, value in error.failure.args.items() if name != "address")
        return SourceHealth(source.name, problem=error.code, detail=text(args), args=error.failure.args)
    return SourceHealth(source.name, milliseconds=(time.monotonic() - begun) * 1000)
