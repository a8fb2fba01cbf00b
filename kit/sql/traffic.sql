-- Whose calls are they, and do they count?
-- Grain: that of period_usage, with the partner reached and the reason for which a row is left out.
with keyed as (
    select
        usage.* exclude (partner_id, environment),
        usage.partner_id as logged_id,
        coalesce(usage.environment, key_environment(usage.api_key, usage.first_day)) as environment,
        coalesce(key_owner(usage.api_key, usage.first_day), usage.partner_id) as raw_id
    from period_usage as usage
),

owned as (
    select keyed.* exclude (raw_id), resolve(keyed.raw_id, keyed.system, keyed.first_day) as partner_id
    from keyed
)

select
    owned.* replace (registry.partner_id as partner_id),
    case
        when exists (
            select 1
            from excluded
            where (excluded.field = 'operation' and excluded.value = owned.operation)
                or (excluded.field = 'product' and excluded.value = owned.product)
                or (excluded.field = 'api_key' and excluded.value = owned.api_key)
                or (
                    excluded.field = 'partner_id'
                    and (excluded.value in (owned.partner_id, owned.logged_id) or masked_key(excluded.value) = owned.logged_id)
                )
        ) then 'excluded'
        when registry.partner_id is null then 'unmatched'
        when registry.is_test then 'test'
        else 'used'
    end as fate
from owned
left join registry
    on registry.partner_id = owned.partner_id
