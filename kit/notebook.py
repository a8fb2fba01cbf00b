"""What a parameterized notebook needs of itself: its parameters checked."""

import ast
import difflib
from collections.abc import Sequence

from kit.errors import ReviewError


def check_parameters(cells: Sequence[str]) -> None:
    """ReviewError if papermill was given a parameter that the notebook's first cell does not have.

    `cells` is IPython's `In`. papermill itself only warns, and goes on with the default.
    """
    known: set[str] = set()
    for cell in cells:
        if cell.startswith("# Parameters\n"):
            for name in _assigned(cell):
                if known and name not in known:
                    near = difflib.get_close_matches(name, known, n=1)
                    hint = f" Did you mean {near[0]!r}?" if near else ""
                    raise ReviewError(
                        f"{name!r} is not a parameter of this notebook.{hint} Allowed: {', '.join(sorted(known))}."
                    )
        elif not known:
            known = _assigned(cell)


def _assigned(cell: str) -> set[str]:
    """The names that a cell of plain assignments sets."""
    return {
        target.id
        for statement in ast.parse(cell).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
