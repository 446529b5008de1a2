"""Steps of an end, each on its own."""

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


def surely(step: Callable[[], object]) -> None:
    """Do one step of the end; a bug in it must not keep the next ones from saving what they have."""
    try:
        step()
    except Exception:
        log.exception("at the end")
