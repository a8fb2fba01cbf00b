-- Jira's issues with their work logs: one row per work log; issues without any give none.
-- Export: Filters > the onboarding issues > Export > CSV (all fields), with Log Work, which stands there once per log.
-- Days are written as the site writes them, such as 06/Jul/26 6:38 PM: say `dates = "%d/%b/%y %I:%M %p"`, and `timezone`.
-- Partner: the custom field Partner, Customer or Account, by its name in `aliases`. Activity: the issue's type.
-- Jira knows no role: say `set = { role = "engineer" }`, one block per team.
--| required = ["Issue key", "Issue Type", "Log Work"]
--| optional = ["Partner"]
--| lists = ["Log Work"]
--| [aliases]
--| Partner = ["Custom field (Partner)", "Custom field (Customer)", "Custom field (Account)"]
with logs as (
    select *, unnest("Log Work") as log
    from raw
),

fields as (
    select
        *,
        -- comment;date;author;seconds, and a comment may hold semicolons of its own.
        regexp_extract(log, '(?s)^.*;([^;]*);[^;]*;(\d+)$', ['date', 'seconds']) as field
    from logs
    where trim(log) <> ''
),

timed as (
    select *, try_cast(field.seconds as bigint) as seconds
    from fields
)

select
    field.date as date,
    "Partner" as partner_id,
    lower(trim("Issue Type")) as activity,
    hours_of(seconds) as hours,
    source,
    source_row
from timed
