-- HubSpot's companies: one row per partner.
-- Export: Contacts > Companies > the view of API partners > Export, CSV, all properties, in English.
-- Custom properties of the portal: Partner ID, Sandbox Date, Production Date, Offboarded Date, Test Account,
-- Partner Segment, Proposed Plan; all but the first may be missing. Set `timezone` to the account's zone.
--| required = ["Company name", "Create Date"]
--| optional = ["Record ID", "Partner ID", "Sandbox Date", "First Call Date", "Production Date", "Offboarded Date", "Test Account", "Partner Segment", "Proposed Plan", "Country/Region"]
select
    coalesce(nullif(trim("Partner ID"), ''), "Record ID") as partner_id,
    "Company name" as name,
    "Create Date" as registered_at,
    "Sandbox Date" as sandbox_at,
    "First Call Date" as first_call_at,
    "Production Date" as production_at,
    "Offboarded Date" as offboarded_at,
    "Test Account" as is_test,
    "Partner Segment" as segment,
    "Proposed Plan" as plan,
    "Country/Region" as region,
    source,
    source_row
from raw
