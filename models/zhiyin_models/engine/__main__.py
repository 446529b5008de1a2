"""``python -m zhiyin_models.engine``: the engine process, spoken to on standard input and output (``protocol``)."""

from zhiyin_models.engine.host import Host


def main() -> None:
    """Serve one parent until it goes away."""
    Host().run()


if __name__ == "__main__":
    main()
