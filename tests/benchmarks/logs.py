"""Write a program with synthetic call logs, and what a right reading of them finds.

python tests/benchmarks/logs.py FOLDER --format jsonl --rows 1_000_000 --files 4

FOLDER gets program.toml, partners.csv, logs/ and expected.json. The same arguments and the same DuckDB write the same
rows. A row is a call of its own or repeats an earlier one, all fields alike, request id included: within its file a few
or many rows later, and as a block at the beginning of a file, once from the end of the file before and once from the
middle of the third file before. The formats:

jsonl     Kong's file-log, gzip: 20 fields, nested, about 2.2 KB a line, which gzip makes an eighth of
csv       gzip, canonical names and eight more columns; called_at is ISO 8601 in UTC, to the millisecond, with Z
parquet   zstd, canonical names and two more columns; called_at is TIMESTAMP WITH TIME ZONE (UTC, microseconds)
"""

import argparse
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

QUARTER_HOUR = timedelta(minutes=15) // timedelta(milliseconds=1)
REACH = 5_000  # rows between a call and its repetition within a file, at most
ENDING = {"jsonl": "jsonl.gz", "csv": "csv.gz", "parquet": "parquet"}
WRITE = {
    "jsonl": "format json, compression gzip",
    "csv": "format csv, compression gzip",
    "parquet": "format parquet, compression zstd, row_group_size 122880",
}
PROGRAM = """# Synthetic call logs, written by tests/benchmarks/logs.py.

[program]
name = "Synthetic logs"
currency = "USD"
timezone = "{zone}"
stage = "pre-monetization"

[exports.calls]
path = "logs/*.{ending}"
{how}
[exports.partners]
path = "partners.csv"
"""


@dataclass(frozen=True)
class Logs:
    """What to write: shares are of all rows, `within` and `across` of the rows that repeat a call."""

    format: str
    rows: int
    files: int
    zone: str = "America/New_York"
    partners: int = 500
    operations: int = 20
    within: float = 0.005
    across: float = 0.005
    failing: float = 0.06
    keyless: float = 0.01
    has_ids: bool = True
    start: str = "2025-01-01"
    days: int = 365
    seed: int = 6

    def __post_init__(self) -> None:
        if not self.has_ids and self.within + self.across:
            raise SystemExit("Without request ids no repetition can be told: --within 0 --across 0.")
        if self.across > 0.2 or not 0 < self.files <= self.rows:
            raise SystemExit("Allowed: across up to 0.2, and a row a file at least.")

    def first_slot(self, file: int) -> int:
        """The number of a file's first row, counted through all files."""
        return file * self.rows // self.files


def macros(logs: Logs) -> str:
    """The formulas: a slot is a row's number through all files, a call the slot where it stands first."""
    start_ms = int(datetime.fromisoformat(logs.start).replace(tzinfo=UTC).timestamp() * 1000)
    span_ms = logs.days * 86_400_000
    return f"""
        create macro dice(number, salt) as hash(number::bigint * 64 + salt + {logs.seed * 1_000_000_007});
        create macro share(dice, shift) as ((dice >> shift) & 1_048_575) / 1_048_576;
        create macro may_repeat(slot) as share(dice(slot, 1), 0) < {logs.within};
        -- The slot that a row of a file repeats; null for most.
        create macro repeated_slot(slot, first_slot, block, reach, far_slot) as case
            when first_slot > 0 and slot < first_slot + block then slot - block
            when slot < first_slot + 2 * block then far_slot + slot - first_slot - block
            when may_repeat(slot) then slot - 1 - if(
                share(dice(slot, 1), 20) < 0.125, 0, (dice(slot, 2) % reach)::bigint
            )
        end;
        create macro call_of(slot, other, first_slot, block) as if(
            other is null or may_repeat(other) or (other >= first_slot and other < first_slot + 2 * block),
            slot, other
        );
        -- Some callers work by the clock, hence calls on the very stroke of midnight.
        create macro called_ms(call) as {start_ms} + greatest(0, if(
            share(dice(call, 3), 0) < 0.02,
            (call * {span_ms / logs.rows!r})::bigint // 1_800_000 * 1_800_000,
            (call * {span_ms / logs.rows!r})::bigint - (dice(call, 3) >> 20)::bigint % 3_600_000
        ));
        create macro status_of(call) as case
            when share(dice(call, 4), 0) < {logs.failing} then
                [400, 401, 403, 404, 404, 422, 429, 429, 500, 503][1 + (dice(call, 4) >> 20)::bigint % 10]
            else
                [200, 200, 200, 200, 200, 200, 201, 201, 204, 302][1 + (dice(call, 4) >> 20)::bigint % 10]
        end;
        create macro random_id(number, salt) as (
            dice(number, salt)::uhugeint * 18446744073709551616::uhugeint + dice(number, salt + 1)::uhugeint
        )::uuid::varchar;
        create macro random_text(number, salt) as replace(random_id(number, salt), '-', '');
    """


def dimensions(logs: Logs) -> str:
    """The tables of keys, three a partner, and operations; a few of each have most of the calls."""
    return f"""
        create table keys as select
            number,
            random_id(number, 5) as api_key,
            'P-' || lpad((number // 3)::varchar, 6, '0') as partner_id,
            random_id(number // 3, 7) as consumer,
            if(number % 3 = 2, 'sandbox', 'production') as environment
        from range(3 * {logs.partners}) as each(number);
        create table operations as select
            number,
            ['orders', 'rates', 'tracking', 'accounts', 'labels'][1 + number % 5] as product,
            ['list', 'create', 'find', 'change', 'drop'][1 + number % 5] || '_' ||
            ['order', 'rate', 'parcel', 'account', 'label'][1 + number // 5 % 5] || '_' || number as operation,
            ['GET', 'POST', 'GET', 'PATCH', 'DELETE'][1 + number % 5] as method
        from range({logs.operations}) as each(number);
    """


def slots(logs: Logs, file: int) -> str:
    """A SELECT of a file's rows: slot, call, called_ms, status; nothing else is worked out."""
    first, end = logs.first_slot(file), logs.first_slot(file + 1)
    block = int((end - first) * logs.across / 2)
    reach = max(1, min(REACH, (end - first) // 2))
    far = logs.first_slot(file - 3) + (end - first) // 2 if file >= 3 else "null"
    return f"""
        select slot, call, called_ms(call) as called_ms, status_of(call) as status
        from (
            select slot, call_of(slot, other, {first}, {block}) as call
            from (
                select
                    slot,
                    if(other >= {first} or slot < {first} + 2 * {block}, other, null) as other
                from (
                    select slot, repeated_slot(slot, {first}, {block}, {reach}, {far}) as other
                    from range({first}, {end}) as each(slot)
                )
            )
        )
    """


def calls(logs: Logs, file: int) -> str:
    """A SELECT of a file's calls with all that the formats say of them, in order."""
    return f"""
        select
            slots.*,
            make_timestamp_ms(called_ms) as called_at,
            api_key, partner_id, consumer, coalesce(environment, 'production') as environment,
            product, operation, method,
            {"random_id(call, 9)" if logs.has_ids else "null::varchar"} as request_id,
            '203.0.113.' || dice(call, 11) % 256 as client_ip,
            (share(dice(call, 12), 0) * 400)::integer as latency_ms,
            ((dice(call, 12) >> 20) % 4000)::integer as request_size,
            (share(dice(call, 12), 40) * 20000)::integer as response_size
        from (
            select
                *,
                if(
                    share(dice(call, 13), 0) < {logs.keyless}, null,
                    floor(share(dice(call, 14), 0) ** 5 * {logs.partners}) * 3
                    + [0, 0, 0, 0, 0, 0, 0, 0, 1, 2][1 + (dice(call, 13) >> 20)::bigint % 10]
                )::bigint as key_number,
                floor(share(dice(call, 14), 20) ** 4 * {logs.operations})::bigint as operation_number
            from ({slots(logs, file)})
        ) as slots
        left join keys on keys.number = key_number
        left join operations on operations.number = operation_number
    """


CSV = """
    select
        strftime(called_at, '%Y-%m-%dT%H:%M:%S.%gZ') as called_at, api_key, partner_id, environment, status, product,
        operation, request_id, method, '/v1/' || product || '/' || operation as path, client_ip,
        'partner-sdk/2.' || call % 9 as user_agent, latency_ms, request_size, response_size, 'eu-west' as region
    from ({calls})
"""
PARQUET = """
    select
        called_at at time zone 'UTC' as called_at, api_key, partner_id, environment, status, product, operation,
        request_id, latency_ms, response_size
    from ({calls})
"""
JSONL = """
    select
        {{
            'id': request_id, 'method': method, 'uri': '/v1/' || product || '/' || operation || '?cursor=' ||
            random_text(call, 15), 'size': request_size, 'querystring': {{'cursor': random_text(call, 15)}},
            'headers': {{
                'host': 'api.example.com', 'accept': 'application/json', 'content-type': 'application/json',
                'user-agent': 'partner-sdk/2.' || call % 9 || '.' || dice(call, 17) % 40,
                'traceparent': '00-' || random_text(call, 18) || '-01',
                'authorization': 'HMAC ' || random_text(call, 20) || random_text(call, 22),
                'idempotency-key': random_id(call, 24), 'x-forwarded-for': client_ip,
                'x-forwarded-proto': 'https', 'x-consumer-custom-id': partner_id,
                'x-session': random_text(call, 26) || random_text(call, 28)
            }},
            'tls': {{'version': 'TLSv1.3', 'cipher': 'TLS_AES_256_GCM_SHA384', 'client_verify': 'NONE'}}
        }} as request,
        {{
            'status': status, 'size': response_size,
            'headers': {{
                'content-type': 'application/json; charset=utf-8', 'connection': 'close',
                'x-ratelimit-limit-minute': '6000', 'x-ratelimit-remaining-minute': (6000 - latency_ms)::varchar,
                'etag': random_text(call, 30), 'x-request-cost': (latency_ms / 7)::decimal(9, 3)::varchar,
                'via': 'kong/3.8.0', 'x-kong-proxy-latency': '2',
                'x-kong-upstream-latency': latency_ms::varchar
            }}
        }} as response,
        {{
            'id': md5(operation), 'name': operation, 'paths': ['/v1/' || product || '/' || operation],
            'methods': [method], 'protocols': ['https'], 'strip_path': false, 'preserve_host': false,
            'regex_priority': 0, 'https_redirect_status_code': 426, 'created_at': 1717200000
        }} as route,
        {{
            'id': md5(product), 'name': product, 'host': product || '.internal.example.com', 'port': 8443,
            'protocol': 'https', 'retries': 5, 'connect_timeout': 60000, 'read_timeout': 60000,
            'write_timeout': 60000, 'created_at': 1717200000
        }} as service,
        if(api_key is null, null, {{
            'id': consumer, 'username': 'partner ' || partner_id, 'custom_id': partner_id, 'created_at': 1717200000
        }}) as consumer,
        if(api_key is null, null, {{'id': api_key, 'consumer_id': consumer}}) as authenticated_entity,
        {{'request': latency_ms + 2, 'kong': 2, 'proxy': latency_ms, 'receive': latency_ms % 3}} as latencies,
        [{{
            'ip': '10.4.' || dice(call, 17) % 8 || '.' || (dice(call, 17) >> 8) % 256, 'port': 8443,
            'balancer_start': called_ms + 1, 'balancer_latency': 0
        }}] as tries,
        client_ip,
        called_ms as started_at,
        environment as workspace_name,
        md5(environment) as workspace,
        '/' || operation || '?cursor=' || random_text(call, 15) as upstream_uri,
        status::varchar as upstream_status,
        'upstream' as source,
        'key-auth' as auth_type,
        random_id(call, 32) as span_id,
        'node-' || dice(call, 17) % 6 as node,
        '3.8.0.0' as version,
        {{'country': ['US', 'CA', 'DE', 'IN'][1 + call % 4], 'asn': dice(call, 17) % 60000}} as origin
    from ({calls})
"""
SELECT = {"jsonl": JSONL, "csv": CSV, "parquet": PARQUET}


def write_expected(con: duckdb.DuckDBPyConnection, logs: Logs, folder: Path) -> None:
    """Write expected.json: totals and those of each day in the zone, all rows, and each call once.

    Days come from Python's zoneinfo and not from DuckDB: counts of quarter hours, in which every zone's days begin.
    """
    zone, days = ZoneInfo(logs.zone), {}
    for file in range(logs.files):
        for quarter_hour, *counts in con.execute(
            f"select called_ms // {QUARTER_HOUR}, count(*), count(*) filter (status < 400),"
            f" count(*) filter (call = slot), count(*) filter (call = slot and status < 400)"
            f" from ({slots(logs, file)}) group by all"
        ).fetchall():
            day = datetime.fromtimestamp(quarter_hour * QUARTER_HOUR / 1000, zone).date().isoformat()
            names = ("rows", "successful_rows", "calls", "successful_calls")
            days.setdefault(day, Counter()).update(dict(zip(names, counts, strict=True)))
    total = sum(days.values(), Counter())
    assert total["rows"] == logs.rows
    found = {
        "logs": asdict(logs),
        **total,
        "days": {day: dict(counts) for day, counts in sorted(days.items())},
    }
    (folder / "expected.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def write_program(logs: Logs, folder: Path) -> None:
    """Write the program's folder: settings, partners, logs, and what is expected of them."""
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder / "spill")})
    con.execute(macros(logs) + dimensions(logs))
    con.execute(
        "copy (select distinct partner_id, 'Partner ' || partner_id as name, date '2024-01-01' as registered_at"
        f" from keys order by all) to '{folder / 'partners.csv'}'"
    )
    how = {"jsonl": 'preset = "kong"\n', "csv": "", "parquet": ""}[logs.format]
    if not logs.has_ids:
        how += 'overlap = "keep"                     # files meet within a day, and rows have no id\n'
    text = PROGRAM.format(zone=logs.zone, ending=ENDING[logs.format], how=how)
    (folder / "program.toml").write_text(text, "utf-8")

    def write_file(file: int) -> None:
        path = folder / "logs" / f"calls-{file:06d}.{ENDING[logs.format]}"
        select = SELECT[logs.format].format(calls=calls(logs, file))
        con.cursor().execute(f"copy ({select}) to '{path}' ({WRITE[logs.format]})")

    with ThreadPoolExecutor(os.cpu_count()) as writers:
        list(writers.map(write_file, range(logs.files)))
    write_expected(con, logs, folder)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--format", choices=list(ENDING), default="jsonl")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--zone", default=Logs.zone)
    parser.add_argument("--partners", type=int, default=Logs.partners)
    parser.add_argument("--operations", type=int, default=Logs.operations)
    parser.add_argument(
        "--within", type=float, default=Logs.within, help="share of rows repeated in their file"
    )
    parser.add_argument(
        "--across", type=float, default=Logs.across, help="share of rows repeated in later files"
    )
    parser.add_argument("--failing", type=float, default=Logs.failing, help="share of calls of status 400 up")
    parser.add_argument("--keyless", type=float, default=Logs.keyless, help="share of calls without a key")
    parser.add_argument("--no-ids", dest="has_ids", action="store_false", help="leave request ids out")
    parser.add_argument("--start", default=Logs.start, help="first day, UTC")
    parser.add_argument("--days", type=int, default=Logs.days)
    parser.add_argument("--seed", type=int, default=Logs.seed)
    given = vars(parser.parse_args())
    folder = given.pop("folder")
    if not given["has_ids"]:
        given |= {"within": 0.0, "across": 0.0}
    write_program(Logs(**given), folder)


if __name__ == "__main__":
    main()
