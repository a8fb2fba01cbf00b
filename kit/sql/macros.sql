-- The words that several questions share.

-- A partner's id from any of its other ids, valid on a day; the id itself where no alias says otherwise.
-- Another system's alias is for that system's rows, or for rows of no known system whose id is no partner's.
create or replace macro resolve(raw_id, raw_system, on_day) as coalesce(
    (
        select arg_max(alias_paths.partner_id, alias_paths.steps)
        from alias_paths
        where alias_paths.id = raw_id
            and (
                alias_paths.system is null
                or alias_paths.system = raw_system
                or (raw_system is null and raw_id not in (select partners.partner_id from partners))
            )
            and on_day >= coalesce(alias_paths.valid_from, on_day)
            and on_day < coalesce(alias_paths.valid_to, date '9999-12-31')
    ),
    -- A partner merged into another is in the registry no more: its whole history is the other's.
    (
        select arg_max(alias_paths.partner_id, alias_paths.steps)
        from alias_paths
        where alias_paths.id = raw_id
            and alias_paths.system is null
            and alias_paths.valid_to is null
            and raw_id in (select partners.partner_id from partners)
    ),
    raw_id
);

-- The partner that a key belonged to on a day; null where it belonged to none.
create or replace macro key_owner(key, on_day) as (
    select any_value(keys.partner_id)
    from keys
    where keys.api_key = key
        and on_day >= coalesce(keys.valid_from, on_day)
        and on_day < coalesce(keys.valid_to, date '9999-12-31')
);

-- The environment that a key is for, where the key table says so.
create or replace macro key_environment(key, on_day) as (
    select any_value(keys.environment)
    from keys
    where keys.api_key = key
        and on_day >= coalesce(keys.valid_from, on_day)
        and on_day < coalesce(keys.valid_to, date '9999-12-31')
);

-- Program currency for one unit of a currency in a calendar month; null where no rate is known.
create or replace macro rate_of(of_currency, in_month) as (
    case
        when of_currency = (select currency from settings) then 1::decimal(38, 12)
        else (
            select any_value(fx.rate)
            from fx
            where fx.currency = of_currency and fx.month = in_month
        )
    end
);

create or replace macro calendar_month(on_day) as date_trunc('month', on_day)::date;
