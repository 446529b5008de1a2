"""``python -m zhiyin_models.jobs``: a job process, spoken to on standard input and output (``protocol``)."""

from zhiyin_models.jobs.host import JobHost


def main() -> None:
    """Do one task for one parent."""
    JobHost().run()


if __name__ == "__main__":
    main()
