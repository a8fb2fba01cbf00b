-- What does each stretch of a price list cost?
-- Grain: one row per case, plan, meter and band of units above what is included; a band holds those above `above` up to
-- and with `up_to`, and its charge is `base`, plus `price` for each unit or started package above `origin`.
with sized as (
    select
        tiers.*,
        meters.mode,
        meters.package,
        meters.included,
        if(
            meters.mode = 'package',
            (((tiers.up_to - tiers.above + meters.package) * 1000000000 - 1)::hugeint
            // (meters.package * 1000000000)::hugeint)::decimal(38, 9),
            tiers.up_to - tiers.above
        ) as full_quantity,
        row_number() over (partition by tiers.case_name, tiers.position, tiers.meter order by tiers.above) as place
    from pricing_tiers as tiers
    inner join pricing_meters as meters
        on meters.case_name = tiers.case_name and meters.position = tiers.position and meters.meter = tiers.meter
),

-- A bound that stands for infinity may make a charge that nothing could hold, and nobody reaches.
charged as (
    select
        *,
        if(
            full_quantity::double * price::double > 1e21, 1e21::decimal(38, 12), times(full_quantity, price)
        ) as full_charge
    from sized
),

bands as (
    select
        *,
        if(mode = 'volume', 0, above)::decimal(38, 9) as origin,
        if(
            mode = 'volume',
            flat,
            flat + coalesce(
                sum(full_charge + flat) over (
                    partition by case_name, position, meter
                    order by above
                    rows between unbounded preceding and 1 preceding
                ),
                0
            )
        )::decimal(38, 12) as base
    from charged
)

-- With nothing included the first tier is entered even at no usage, as billing systems do.
select
    case_name,
    position,
    meter,
    included,
    if(mode = 'package', package, null) as package,
    if(place = 1 and included = 0, -1, above)::decimal(38, 9) as above,
    up_to,
    origin,
    base,
    price
from bands
union all
select case_name, position, meter, included, null, -1, 0, 0, 0, 0
from pricing_meters
where included > 0
