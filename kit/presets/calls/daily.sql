-- Usage that a gateway or a warehouse has already summed: one row per day, key and whatever else it is summed by.
-- Export: any table of calls per day and key or partner, with these columns, for a gateway that gives no log.
-- A day is one of the program's time zone. `calls` are all calls; of them `errors` have no success, and the rest has.
-- A table by status has `status` and no `errors`; one that counts successes alone says `set = { status = "200" }`.
-- Environment: its column, or `set = { environment = "production" }`.
--| hint = "Sum the usage by environment, and by key or partner."
--| summed = true
--| required = ["date", "calls"]
--| optional = ["api_key", "partner_id", "environment", "status", "errors", "product", "operation"]
--| [aliases]
--| date = ["day", "called_at"]
--| calls = ["requests", "count"]
--| errors = ["failed", "error_count"]
--| api_key = ["key", "client_id", "consumer_id"]
--| partner_id = ["partner", "consumer"]
with sums as (
    select *, try_cast(nullif(trim("errors"), '') as bigint) as failed
    from raw
),

parts as (
    select *, "status" as of_status, "calls" as of_calls
    from sums
    where nullif(trim("errors"), '') is null
    union all
    select *, '200' as of_status, coalesce((try_cast("calls" as bigint) - failed)::varchar, "errors") as of_calls
    from sums
    where nullif(trim("errors"), '') is not null
    union all
    select *, '500' as of_status, failed::varchar as of_calls
    from sums
    where failed > 0
)

select
    "date" as called_at,
    "api_key",
    "partner_id",
    lower("environment") as environment,
    of_status as status,
    "product",
    "operation",
    of_calls as calls,
    source,
    source_row
from parts
