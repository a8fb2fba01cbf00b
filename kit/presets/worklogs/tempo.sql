-- Tempo's worklogs, in English or Russian: one row per worklog.
-- Export: Tempo > Reports > Worklogs of the onboarding projects > Export, CSV.
-- Partner: the account's customer, or its name where it has none, by that name in `aliases`.
-- Activity: the worklog's activity. Tempo knows no role: say `set = { role = "engineer" }`, one block per team.
-- Hours are those worked, not those billed. A worklog without activity takes the one in `set`.
--| required = ["Work date", "Hours"]
--| optional = ["Account Customer", "Account Name", "Activity Name"]
--| [aliases]
--| "Work date" = ["Дата работы"]
--| Hours = ["Часов"]
--| "Account Name" = ["Имя аккаунта"]
--| "Activity Name" = ["Имя активности"]
select
    "Work date" as date,
    coalesce(nullif(trim("Account Customer"), ''), "Account Name") as partner_id,
    lower(trim("Activity Name")) as activity,
    "Hours" as hours,
    source,
    source_row
from raw
