-- Tyk Pump's CSV: one row per request.
-- Export: the files of the csv pump, one an hour, as they are.
-- Switch on: hashed keys (hash_keys), so that a file holds no key in clear; an authentication mode on every API.
-- Key: the key's hash, looked up in `keys`; else the key's alias names the partner. A request has no id: a file given
-- twice counts twice.
-- Environment: the tag production or sandbox of the gateway; else say `set = { environment = "production" }`.
--| hint = "Tyk: choose an authentication mode for every API, and tag each gateway production or sandbox."
--| required = ["Method", "Path", "ResponseCode", "APIKey", "TimeStamp"]
--| optional = ["APIName", "Alias", "Tags"]
select
    -- Go writes 2026-08-20 08:45:36.123456 +0000 UTC.
    regexp_replace("TimeStamp", '^(\S+ \S+) ([+-]\d\d)(\d\d).*$', '\1\2:\3') as called_at,
    "APIKey" as api_key,
    "Alias" as partner_id,
    case
        when list_contains(string_split(lower("Tags"), ';'), 'production') then 'production'
        when list_contains(string_split(lower("Tags"), ';'), 'sandbox') then 'sandbox'
    end as environment,
    "ResponseCode" as status,
    "APIName" as product,
    "Method" || ' ' || "Path" as operation,
    source,
    source_row
from raw
