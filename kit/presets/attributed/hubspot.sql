-- HubSpot's won deals: one row per deal, on the day it closed.
-- Export: CRM > Deals > the view of deals that came through integrations > Export, CSV, in English, with
-- Associated Company IDs. Set `timezone` to the account's zone.
-- Won: Is Closed Won, or the stage Closed won where that column is missing. Partner: the first company's id, as in
-- `aliases`; a deal of several companies counts once. Without a currency column say `set = { currency = "USD" }`.
--| required = ["Amount", "Close Date", "Deal Stage", "Associated Company IDs"]
--| optional = ["Is Closed Won", "Currency"]
--| [aliases]
--| "Associated Company IDs" = ["Associated Company IDs (Primary)"]
select
    "Close Date" as date,
    trim(split_part("Associated Company IDs", ';', 1)) as partner_id,
    "Amount" as amount,
    "Currency" as currency,
    source,
    source_row
from raw
where coalesce(lower(nullif(trim("Is Closed Won"), '')) = 'true', regexp_matches(lower("Deal Stage"), '^closed won\b'))
