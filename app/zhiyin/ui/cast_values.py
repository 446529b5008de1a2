"""Who takes part in a conversation, as the window shows it: plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QPixmap

PictureOf = Callable[[str, int, str, str], QPixmap]
"""Gives the picture of somebody at once: picture, size in logical pixels, seal, colour of the seal."""


@dataclass(frozen=True, slots=True)
class MemberView:
    """A persona that takes part, or could."""

    persona: int
    name: str
    picture: str = ""
    seal: str = ""
    color: str = ""
    muted: bool = False


@dataclass(frozen=True, slots=True)
class CastView:
    """The bar above the composer. ``asking``: the user is to say who speaks next."""

    members: tuple[MemberView, ...] = ()
    following: int | None = None  # whose turn it is, where that is known
    speaking: int | None = None  # who is answering now
    asking: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """Something that can be chosen: a profile, a lorebook."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class CastKnown:
    """What the form has to choose from; ``members`` are those of the setup, in any order."""

    members: tuple[MemberView, ...] = ()
    profiles: tuple[Named, ...] = ()
    default_profile: str = ""  # its name
    books: tuple[Named, ...] = ()
