"""``python -m zhiyin_models.hub``: the process that asks the hubs, spoken to on standard input and output (``protocol``)."""

from zhiyin_models.hub.host import HubHost


def main() -> None:
    """Serve one parent until it goes away."""
    HubHost().run()


if __name__ == "__main__":
    main()
