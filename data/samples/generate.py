"""Rewrite the raw exports of the sample programs, and the figures that must come of them."""

import argparse
import json
import shutil
from pathlib import Path

import meridian_exports
import northgate_exports
from truth import read_program

HERE = Path(__file__).parent
PROGRAMS = {"northgate": northgate_exports, "meridian": meridian_exports}


def generate(name: str, out: Path, seed: str, scale: int) -> None:
    """Write one program's exports and expected.json below `out`."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    settings = HERE / name / "program.toml"
    if out.resolve() != HERE.resolve():
        shutil.copyfile(settings, folder / "program.toml")
    sample = PROGRAMS[name]
    truth = sample.write_program(folder / "exports", read_program(settings), seed, scale)
    expected = truth.expected(sample.FIRST_DAY)
    text = json.dumps(expected, indent=1, ensure_ascii=False)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Read the options and write what they ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", choices=PROGRAMS, help="only this one")
    parser.add_argument("--out", type=Path, default=HERE, help="default: beside this file")
    parser.add_argument("--scale", type=int, default=1, help="times as many calls")
    parser.add_argument("--seed", default="2026", help="another seed, other samples")
    options = parser.parse_args()
    for name in [options.program] if options.program else PROGRAMS:
        generate(name, options.out, options.seed, options.scale)


if __name__ == "__main__":
    main()
