"""The keys of ``rank_pattern`` and ``alpha_pattern``: regular expressions for the names of layers, from a file that may mean harm.

Python's expressions take time that grows without bound for some patterns, and cannot be stopped. So a pattern is admitted only if it can
branch in few ways.
"""

import re

LONGEST = 256  # characters of a pattern
LONGEST_NAME = 160
MOST_REPEATS = 3  # * + and {…}
MOST_BRANCHES = 4096  # alternatives and ?, multiplied; fewer beside repeats
REPEATS, BRACKET = "*+{", re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


class NamePattern:
    """Fits a module's name as PEFT has it: the whole name, or what follows one of its dots; from the start only after ``^``."""

    def __init__(self, pattern: str) -> None:
        """Raises ValueError for what is no pattern, and for one that could take too long."""
        if len(pattern) > LONGEST or _cost(pattern) > MOST_BRANCHES:
            raise ValueError("too involved")
        try:
            self._expression = re.compile(rf"(.*\.)?({pattern})$")
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(str(error)) from None

    def fits(self, module: str) -> bool:
        """Whether it names the module."""
        return len(module) <= LONGEST_NAME and self._expression.match(module) is not None


def _cost(pattern: str) -> int:
    """In how many ways it can branch, roughly; infinite for what may repeat a choice."""
    plain = re.sub(r"\\.", "x", BRACKET.sub("x", pattern), flags=re.DOTALL)
    if "(?" in plain.replace("(?:", "(") or re.search(r"\\[0-9]", pattern):
        return MOST_BRANCHES + 1
    repeats = sum(plain.count(mark) for mark in REPEATS)
    optional = len(re.findall(r"(?<![*+}?(])\?", plain))
    branches: int = 2 ** min(optional, 20)
    groups: list[int] = [1]  # alternatives at each depth
    involved: list[bool] = [False]  # whether something in the group repeats or branches
    for place, mark in enumerate(plain):
        if mark == "(":
            groups.append(1)
            involved.append(False)
        elif mark == ")" and len(groups) > 1:
            count, choice = groups.pop(), involved.pop()
            branches *= count
            if (choice or count > 1) and plain[place + 1 : place + 2] in ("*", "+", "{", "?"):
                return MOST_BRANCHES + 1
            involved[-1] = involved[-1] or choice or count > 1
        elif mark == "|":
            groups[-1] += 1
        elif mark in REPEATS or mark == "?":
            involved[-1] = True
    branches *= groups[0]
    return branches * (1, 1, 16, 1024, MOST_BRANCHES + 1)[min(repeats, MOST_REPEATS + 1)]
