"""What the view of profiles shows, as values."""

from dataclasses import dataclass

SEAL_COLOR = "slate"
"""The ground of the user's own seal; those of personas have all the other colours."""


@dataclass(frozen=True, slots=True)
class ProfileItem:
    """Who the user can be."""

    ident: int
    name: str = ""
    description: str = ""
    picture: str = ""  # "" = a seal
    default: bool = False

    @property
    def seal(self) -> str:
        """The character of its seal."""
        return (self.name.strip() or "我")[0].upper()
