-- What share of the quarter's successful production calls leads to a partner?
-- Grain: one row; null without such calls.
select
    sum(calls) filter (where fate <> 'unmatched') / nullif(sum(calls), 0) as match_share,
    coalesce(sum(calls) filter (where fate = 'unmatched'), 0)::bigint as unmatched_calls
from traffic
where fate <> 'excluded' and is_successful and environment = 'production'
    and first_day >= $first_day and last_day <= $last_day
