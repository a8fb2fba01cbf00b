-- Kong's consumers and their key-auth credentials: one row per credential.
-- Export: GET /consumers and GET /key-auths of the Admin API, one file each, all pages; both files in one export.
-- The secret `key` is never read. A consumer's partner is its custom_id, or its username where it has none.
--| keys = ["data.id", ["data.username", "data.consumer.id"]]
--| [json]
--| data = "STRUCT(id VARCHAR, username VARCHAR, custom_id VARCHAR, consumer STRUCT(id VARCHAR))[]"
with entries as (
    select unnest(data) as entry, source, source_row
    from raw
),

consumers as (
    select entry.id as consumer_id, coalesce(entry.custom_id, entry.username) as partner_id
    from entries
    where entry.consumer.id is null
)

select
    entries.entry.id as api_key,
    consumers.partner_id,
    entries.source,
    entries.source_row
from entries
left join consumers
    on consumers.consumer_id = entries.entry.consumer.id
where entries.entry.consumer.id is not null
