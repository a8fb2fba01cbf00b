-- What do exports of sums say of each call?
-- Grain: one row per row of `calls`, as those of a log; `counted` is 1 for the first that a row of the file gives.
select
    file_id as log,
    file_id as place,
    coalesce(try_cast(request_id as uuid), md5(request_id)::uuid) as request,
    called_at,
    api_key,
    partner_id,
    system,
    environment::varchar as environment,
    product,
    operation,
    status,
    calls,
    units,
    request_id,
    rowid as line,
    if(source_row is null or row_number() over (partition by file_id, source_row order by rowid) = 1, 1, 0) as counted
from calls
