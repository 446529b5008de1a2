"""``python -m zhiyin.importing``: the process that reads and writes cards, spoken to on standard input and output (``protocol``)."""

from zhiyin.importing.host import CardHost


def main() -> None:
    """Serve one parent until it goes away."""
    CardHost().run()


if __name__ == "__main__":
    main()
