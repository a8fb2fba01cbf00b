-- What does a log say of each call?
-- Grain: one row per row of the log, in its order. `request` stands for the request's id: no two ids have the same, but
-- for spellings of one UUID; `place` is that of the file among those read, from 0.
select
    coalesce(try_cast(request_id as uuid), md5(request_id)::uuid) as request,
    called_at,
    api_key,
    partner_id,
    system,
    environment,
    product,
    operation,
    status,
    calls,
    units,
    coalesce(list_position($sources::varchar[], source) - 1, if(len($sources::varchar[]) = 1, 0, null))::integer as place,
    problem is not null as is_faulty
from typed_calls
