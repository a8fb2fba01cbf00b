"""A quarter's folder of outputs: papermill runs the notebook, nbconvert lays out the page; all files or none."""

import importlib
import json
import logging
import threading
import warnings
from pathlib import Path
from typing import Any

from kit.editions import sealed
from kit.errors import ReviewError
from kit.folders import put_folder, writing_in
from kit.program import load_program, locate
from kit.sheet import style
from kit.usage import read_new
from kit.usage_state import has_new

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "one_pager.ipynb"
LARGEST_PAGE = 150_000  # bytes: it goes by mail


def write_report(
    program: Path, quarter: str, out: Path, progress: bool = False
) -> tuple[Path, dict[str, Any]]:
    """Write one-pager.html, .ipynb, figures.json and evidence.xlsx to <out>/<quarter>/; that folder, and the figures.

    The rows of the exports that could not be used, if there are any, go to rejects.jsonl beside them. An empty quarter
    is the last that the data completes. ReviewError if settings or data are at fault; then, as after any other failure,
    the folder is as it was before.
    """
    loaded = load_program(program)  # Mistakes in the settings are told before anything is started or written.
    # Here there is a terminal that can say how far it is; the notebook finds it done.
    if has_new(loaded) or (progress and loaded.engine):
        read_new(loaded)
    with writing_in(out) as work:
        executed = run_notebook(program, quarter, out, work / "one-pager.ipynb", progress)
        figures = figures_of(executed)
        page = lay_out(executed, f"{figures['program']}: API program review {figures['quarter']}")
        written = work / figures["quarter"]
        written.mkdir()
        (work / "one-pager.ipynb").rename(written / "one-pager.ipynb")
        (written / "one-pager.html").write_bytes(page.encode())
        figures = sealed(figures, page.encode())
        (written / "figures.json").write_text(
            json.dumps(figures, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8"
        )
        from kit.workbook import evidence_of  # --help needn't wait for xlsxwriter

        (written / "evidence.xlsx").write_bytes(evidence_of(program, figures))
        if figures["rejects"]:
            from kit import checks  # Most quarters have none.

            checks.rejects(checks.check_exports(program, figures["quarter"])).write_ndjson(
                written / "rejects.jsonl"
            )
        target = out / figures["quarter"]
        put_folder(written, target)
    return target, figures


def run_notebook(program: Path, quarter: str, published: Path, to: Path, progress: bool) -> Any:
    """The one-page notebook as papermill ran it; ReviewError with the message of the one its cells raised."""
    import papermill  # It takes longer to load than the rest of the kit; --help needn't wait for it.
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    # nbconvert loads while the kernel works.
    threading.Thread(target=importlib.import_module, args=("nbconvert",)).start()
    logging.getLogger("papermill").setLevel(logging.ERROR)
    parameters = {
        "program": str(locate(program).resolve()),
        "quarter": quarter,
        "published": str(published.resolve()),
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return papermill.execute_notebook(
                NOTEBOOK,
                to,
                parameters,
                progress_bar=progress,
                log_output=False,
                request_save_on_cell_execute=False,
                extra_arguments=["--log-level=ERROR"],
                shutdown_kernel="immediate",
            )
    except PapermillExecutionError as error:
        if error.ename in ("ReviewError", "ProgramError", "ExportsError"):
            raise ReviewError(error.evalue) from None
        raise
    except DeadKernelError:
        raise ReviewError(
            "The process of the notebook was ended from outside, as systems do where memory runs out. Let it take less"
            " with --memory, or use a larger machine."
        ) from None


def figures_of(notebook: Any) -> dict[str, Any]:
    """The figures that the executed notebook carries in its cell tagged `figures`."""
    for cell in notebook.cells:
        if "figures" in cell.metadata.get("tags", []):
            for output in cell.outputs:
                if "application/json" in output.get("data", {}):
                    figures: dict[str, Any] = output["data"]["application/json"]
                    return figures
    raise ReviewError("The notebook made no figures: its cell tagged `figures` is missing or was not run.")


def lay_out(notebook: Any, title: str) -> str:
    """The page: one HTML file of the notebook's tagged blocks. ReviewError if it is too large for a mail."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]  # nbconvert has no annotations here
        template_name="one_pager", extra_template_basedirs=[str(Path(__file__).parent)]
    )
    resources: dict[str, Any] = {"title": title, "style": style("style") + style("sheet")}
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    if len(page.encode()) > LARGEST_PAGE:
        raise ReviewError(
            f"The page would have {len(page.encode()):,} bytes. There is room for {LARGEST_PAGE:,}."
        )
    return str(page)
