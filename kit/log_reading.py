"""Call logs that are not in the cache → their usage there, several at a time, each whole or not at all."""

import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from itertools import groupby

import duckdb

from kit import machine
from kit.blank import add_settings, empty_database, read_sql
from kit.cache import Cache
from kit.errors import ReviewError
from kit.log_usage import Log, roll_up, told_of_file
from kit.program import Program
from kit.progress import Progress

# Small logs are read together: each reading costs as much as some thousand rows.
TOGETHER = 16_000_000  # bytes
MOST_TOGETHER = 200
LITTLE = 5_000_000  # bytes
YEARS = 4
STEP = 0.2  # seconds


def read_logs(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    logs: Sequence[Log],
    cache: Cache,
    with_calls: bool = False,
) -> list[tuple[Log, ReviewError]]:
    """Put the usage of logs into the cache, if asked with their calls one by one; those that can't be read, and why.

    What is done when the reading is broken off stays done.
    """
    jobs, size = jobs_of(logs), sum(log.size for log in logs)
    if size < LITTLE:  # a database of their own would take longer than reading them
        return [fault for job in jobs for fault in roll_up(con, program, job, cache, with_calls)]
    workers = min(machine.readers(), len(jobs))
    crew = _Crew(program, cache, workers, with_calls)
    with Progress(size, "B", "Reading call logs") as progress, ThreadPoolExecutor(workers) as pool:
        tasks = {pool.submit(crew.read, job): job for job in jobs}
        try:
            _wait(tasks, crew, progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            crew.stop()
            raise
        finally:
            # Tasks that were cancelled are never done, and would be waited for for ever.
            wait([task for task in tasks if not task.cancelled()])
            crew.close()
        return [fault for task in tasks for fault in task.result()]


def jobs_of(logs: Sequence[Log]) -> list[list[Log]]:
    """Logs to be read at once, the largest first: of one block, and small."""
    jobs: list[list[Log]] = []
    for _, of_block in groupby(logs, key=lambda log: log.block):
        job: list[Log] = []
        for log in of_block:
            is_full = len(job) == MOST_TOGETHER or sum(each.size for each in job) + log.size > TOGETHER
            if job and (is_full or len(log.paths) > 1 or len(job[0].paths) > 1):
                jobs.append(job)
                job = []
            job.append(log)
        jobs.append(job)
    return sorted(jobs, key=lambda job: -sum(log.size for log in job))


def _wait(
    tasks: dict[Future[list[tuple[Log, ReviewError]]], list[Log]], crew: "_Crew", progress: Progress
) -> None:
    """Wait for the tasks, showing how far they are; what one raises is raised."""
    left = set(tasks)
    while left:
        done, left = wait(left, timeout=STEP, return_when=FIRST_EXCEPTION)
        for task in done:
            task.result()
        finished = [log for task, job in tasks.items() if task.done() for log in job]
        how_far = f"{len(finished):,} of {sum(map(len, tasks.values())):,} files"
        progress.show(sum(log.size for log in finished) + crew.under_way(), how_far, crew.rows)


class _Crew:
    """Databases that read logs, one for each thread, within one limit of memory."""

    def __init__(self, program: Program, cache: Cache, workers: int, with_calls: bool) -> None:
        self.program, self.cache, self.workers = program, cache, workers
        self.with_calls = with_calls
        self.of_thread = threading.local()
        self.databases: dict[duckdb.DuckDBPyConnection, int] = {}
        self.rows = 0
        self.is_stopped = False

    def read(self, job: list[Log]) -> list[tuple[Log, ReviewError]]:
        """Read logs with the thread's database."""
        if self.is_stopped:
            return []
        con = self._database()
        self.databases[con] = sum(log.size for log in job)
        faults = roll_up(con, self.program, job, self.cache, self.with_calls)
        self.databases[con] = 0
        wrong = {log.key for log, _ in faults}
        self.rows += sum(told_of_file(con, self.cache, log).row_count for log in job if log.key not in wrong)
        return faults

    def under_way(self) -> float:
        """How many bytes of the logs being read now are read, about."""
        return sum(
            size * max(0.0, con.query_progress()) / 100 for con, size in list(self.databases.items()) if size
        )

    def stop(self) -> None:
        """Break off what the databases are doing."""
        self.is_stopped = True
        for con in list(self.databases):
            con.interrupt()

    def close(self) -> None:
        """Close the databases, which gives their memory back."""
        for con in self.databases:
            con.close()

    def _database(self) -> duckdb.DuckDBPyConnection:
        if not hasattr(self.of_thread, "con"):
            con = self.of_thread.con = empty_database()
            machine.bound(con, self.cache.spill, self.workers, max(1, machine.cores() // self.workers))
            add_settings(con, self.program)
            fill_zone_days(con)
            self.databases[con] = 0
        return self.of_thread.con  # type: ignore[no-any-return]


def fill_zone_days(con: duckdb.DuckDBPyConnection) -> None:
    """Work out on which day of the program's zone each quarter of an hour of late years is."""
    con.execute(
        f"insert into zone_days {read_sql('zone_days')}",
        dict(
            con.execute(
                "select unnest(['first_quarter_hour', 'end_quarter_hour']), unnest(["
                f" epoch(date_trunc('year', current_date) - interval {YEARS - 2} year)::bigint // 900,"
                " epoch(date_trunc('year', current_date) + interval 2 year)::bigint // 900])"
            ).fetchall()
        ),
    )
