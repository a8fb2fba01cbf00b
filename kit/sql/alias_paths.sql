-- Which partner does each other id lead to, over any number of merges?
-- Grain: one row per id, partner reached and number of steps; the most steps are the end of the way.
-- What stands in usage for an id that looks like a key leads where the id does.
with recursive alias_paths as (
    select id, partner_id, system, valid_from, valid_to, 1 as steps
    from aliases
    where id <> partner_id
    union all
    select
        alias_paths.id,
        aliases.partner_id,
        alias_paths.system,
        greatest(alias_paths.valid_from, aliases.valid_from) as valid_from,
        least(alias_paths.valid_to, aliases.valid_to) as valid_to,
        alias_paths.steps + 1 as steps
    from alias_paths
    inner join aliases
        on aliases.id = alias_paths.partner_id and aliases.id <> aliases.partner_id
    where alias_paths.steps < 20
)

select id, partner_id, system, valid_from, valid_to, steps
from alias_paths
union all
select masked_key(id), partner_id, system, valid_from, valid_to, steps
from alias_paths
where masked_key(id) <> id
union all
select masked_key(partner_id), partner_id, null, null, null, 0
from partners
where masked_key(partner_id) <> partner_id
