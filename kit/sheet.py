"""The page's style sheets."""

from importlib.resources import files


def style(name: str) -> str:
    """The text of kit/one_pager/<name>.css: `style` for the blocks, `sheet` for the sheet they stand on."""
    return files("kit").joinpath("one_pager", f"{name}.css").read_text(encoding="utf-8")
