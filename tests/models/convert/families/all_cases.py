"""Every golden case: ``CASES`` of every module beside this one that is named cases_…"""

from importlib import import_module
from pathlib import Path

from tests.models.convert.families.cases import Case

_MODULES = sorted(path.stem for path in Path(__file__).parent.glob("cases_*.py"))
CASES: tuple[Case, ...] = tuple(case for name in _MODULES for case in import_module(f"tests.models.convert.families.{name}").CASES)
